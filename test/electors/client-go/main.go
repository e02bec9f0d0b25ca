// Command client-go is client-go's leader election, used as its own example uses it.
package main

import (
	"context"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"

	"kle.test/electors/harness"
)

func main() {
	settings := harness.FromEnvironment()
	ctx := harness.Context()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		harness.Fail(err)
	}
	client := kubernetes.NewForConfigOrDie(config)

	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: settings.Namespace, Name: settings.Lease},
		Client:     client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: settings.Identity},
	}
	if settings.Events {
		broadcaster := record.NewBroadcaster()
		broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
		lock.LockConfig.EventRecorder = broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: settings.Identity})
	}

	log := harness.NewLog(settings.Identity)
	log.Event("start")
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   settings.LeaseDuration,
		RenewDeadline:   settings.RenewDeadline,
		RetryPeriod:     settings.RetryPeriod,
		ReleaseOnCancel: settings.Release,
		Name:            settings.Lease,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				log.Event("leading")
				log.Work(ctx)
			},
			OnStoppedLeading: func() { log.Event("stopped") },
		},
	})
	log.Event("exit")
	if ctx.Err() == nil {
		os.Exit(1)
	}
}
