package main

import (
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// cluster names the files that make a cluster; what tests read has the names of the README, the rest is ours.
type cluster struct {
	server     string
	kubeconfig string
	tokens     string
	control    string
	caCert     string
	caKey      string
	clientCert string
	clientKey  string
	serverCert string
	serverKey  string
	accountKey string
	certDir    string
}

// Users without a single RoleBinding: what a test lets them do, it grants.
const tokensCSV = `viewer-token,viewer,viewer-uid
nobody-token,nobody,nobody-uid
`

func writeCluster(dir, server string) (cluster, error) {
	in := func(name string) string { return filepath.Join(dir, name) }
	c := cluster{
		server:     server,
		kubeconfig: in("kubeconfig"),
		tokens:     in("tokens.csv"),
		control:    in("control"),
		caCert:     in("ca.crt"),
		caKey:      in("ca.key"),
		clientCert: in("client.crt"),
		clientKey:  in("client.key"),
		serverCert: in("server.crt"),
		serverKey:  in("server.key"),
		accountKey: in("service-account.key"),
		certDir:    in("run"),
	}
	// A directory from an earlier run keeps its CA: a restarted server must still be trusted by the clients of the first.
	if _, err := os.Stat(c.caCert); os.IsNotExist(err) {
		if err := writeCertificates(c); err != nil {
			return c, err
		}
	}
	if _, err := os.Stat(c.tokens); os.IsNotExist(err) {
		if err := os.WriteFile(c.tokens, []byte(tokensCSV), 0o600); err != nil {
			return c, err
		}
	}
	return c, writeKubeconfig(c)
}

func writeKubeconfig(c cluster) error {
	const name = "kle-test"
	config := clientcmdapi.NewConfig()
	entry := clientcmdapi.NewCluster()
	user := clientcmdapi.NewAuthInfo()
	for path, data := range map[string]*[]byte{
		c.caCert:     &entry.CertificateAuthorityData,
		c.clientCert: &user.ClientCertificateData,
		c.clientKey:  &user.ClientKeyData,
	} {
		var err error
		if *data, err = os.ReadFile(path); err != nil {
			return err
		}
	}
	entry.Server = c.server
	context := clientcmdapi.NewContext()
	context.Cluster, context.AuthInfo = name, name
	config.Clusters[name], config.AuthInfos[name], config.Contexts[name] = entry, user, context
	config.CurrentContext = name
	return clientcmd.WriteToFile(*config, c.kubeconfig)
}
