package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

// serveControl offers to tests what no Kubernetes client can do; its URL is the content of the file.
func serveControl(file string, etcd *etcdServer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /compact", func(w http.ResponseWriter, r *http.Request) {
		revision, err := etcd.compact(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "{\"revision\":\"%d\"}\n", revision)
	})
	go func() { _ = http.Serve(listener, routes) }()

	at := "http://" + listener.Addr().String()
	fmt.Fprintln(os.Stderr, "control", at)
	return os.WriteFile(file, []byte(at+"\n"), 0o600)
}
