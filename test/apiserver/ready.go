package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"
)

// awaitReady also asks for a namespace: /readyz answers 200 before "default" exists, and creates in it would be 404.
func awaitReady(ctx context.Context, c cluster, limit time.Duration) error {
	client, err := adminClient(c)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	deadline := time.Now().Add(limit)
	for _, path := range []string{"/readyz", "/api/v1/namespaces/default"} {
		for last := ""; !answers(ctx, client, c.server+path, &last); {
			if time.Now().After(deadline) {
				return fmt.Errorf("not ready after %v: %s: %s", limit, path, last)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}

func answers(ctx context.Context, client *http.Client, url string, last *string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		*last = err.Error()
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		*last = err.Error()
		return false
	}
	defer response.Body.Close()
	*last = response.Status
	return response.StatusCode == http.StatusOK
}

func adminClient(c cluster) (*http.Client, error) {
	pair, err := tls.LoadX509KeyPair(c.clientCert, c.clientKey)
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(c.caCert)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &http.Client{
		// The socket accepts before the server serves: without a limit the first request would hang on it.
		Timeout:   time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}},
	}, nil
}
