// Command controller-runtime is a manager with one runnable that needs leader election.
package main

import (
	"context"
	"errors"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/leaderelection"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"kle.test/electors/harness"
)

type work struct{ log *harness.Log }

func (w work) NeedLeaderElection() bool { return true }

func (w work) Start(ctx context.Context) error {
	w.log.Event("leading")
	w.log.Work(ctx)
	w.log.Event("stopped")
	return nil
}

func main() {
	settings := harness.FromEnvironment()
	ctx := harness.Context()
	log.SetLogger(klog.Background())
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		harness.Fail(err)
	}

	// The manager would make this same lock with this same call; made here, because only the lock tells
	// the identity that controller-runtime invents, and a standby writes it nowhere.
	recorders := &lateRecorders{}
	lock, err := leaderelection.NewResourceLock(config, recorders, leaderelection.Options{
		LeaderElection:          true,
		LeaderElectionNamespace: settings.Namespace,
		LeaderElectionID:        settings.Lease,
		RenewDeadline:           settings.RenewDeadline,
	})
	if err != nil {
		harness.Fail(err)
	}
	m, err := manager.New(config, manager.Options{
		LeaderElection:                      true,
		LeaderElectionID:                    settings.Lease,
		LeaderElectionNamespace:             settings.Namespace,
		LeaderElectionResourceLockInterface: lock,
		LeaderElectionReleaseOnCancel:       settings.Release,
		LeaseDuration:                       &settings.LeaseDuration,
		RenewDeadline:                       &settings.RenewDeadline,
		RetryPeriod:                         &settings.RetryPeriod,
		Metrics:                             metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress:              "0",
	})
	if err != nil {
		harness.Fail(err)
	}
	recorders.provider = m

	lines := harness.NewLog(lock.Identity())
	if err := m.Add(work{lines}); err != nil {
		harness.Fail(err)
	}
	lines.Event("start")
	err = m.Start(ctx)
	lines.Event("exit")
	if err != nil && !errors.Is(err, context.Canceled) {
		klog.Background().Error(err, "manager ended")
		os.Exit(1)
	}
}
