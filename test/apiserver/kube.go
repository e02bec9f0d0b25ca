package main

import (
	"context"
	"fmt"
	"net"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

func arguments(c cluster, etcd string, watchCache bool) []string {
	return []string{
		"--etcd-servers=" + etcd,
		fmt.Sprintf("--watch-cache=%t", watchCache),
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--cert-dir=" + c.certDir,
		"--tls-cert-file=" + c.serverCert,
		"--tls-private-key-file=" + c.serverKey,
		"--client-ca-file=" + c.caCert,
		"--token-auth-file=" + c.tokens,
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.accountKey,
		"--service-account-signing-key-file=" + c.accountKey,
		"--service-cluster-ip-range=10.0.0.0/24",
		// It refuses Pods until a controller, which is not here, has made the default service account.
		"--disable-admission-plugins=ServiceAccount",
		"--allow-privileged=true",
		"--feature-gates=CoordinatedLeaderElection=true",
		"--runtime-config=coordination.k8s.io/v1beta1=true",
	}
}

// runAPIServer is app.NewAPIServerCommand without its signal handler, which would take SIGTERM from us.
func runAPIServer(c cluster, listener net.Listener, etcd string, watchCache bool) error {
	ctx := context.Background()
	s := options.NewServerRunOptions()
	fs := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range s.Flags().FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(arguments(c, etcd, watchCache)); err != nil {
		return err
	}
	// Given as a listener, a port cannot be lost to somebody else between choosing and binding it.
	s.SecureServing.Listener = listener
	s.SecureServing.BindPort = listener.Addr().(*net.TCPAddr).Port

	if err := s.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	completed, err := s.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) != 0 {
		return utilerrors.NewAggregate(errs)
	}
	return app.Run(ctx, completed)
}
