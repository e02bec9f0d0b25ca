package main

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/recorder"
)

// lateRecorders hands out recorders before the manager that can really record exists.
type lateRecorders struct {
	recorder.Provider
	provider recorder.Provider
}

func (l *lateRecorders) GetEventRecorderFor(name string) record.EventRecorder {
	return lateRecorder{l, name}
}

type lateRecorder struct {
	from *lateRecorders
	name string
}

func (r lateRecorder) real() record.EventRecorder {
	return r.from.provider.GetEventRecorderFor(r.name) //nolint:staticcheck // it is what NewResourceLock uses
}

func (r lateRecorder) Event(object runtime.Object, kind, reason, message string) {
	r.real().Event(object, kind, reason, message)
}

func (r lateRecorder) Eventf(object runtime.Object, kind, reason, format string, args ...any) {
	r.real().Eventf(object, kind, reason, format, args...)
}

func (r lateRecorder) AnnotatedEventf(object runtime.Object, annotations map[string]string, kind, reason, format string, args ...any) {
	r.real().AnnotatedEventf(object, annotations, kind, reason, format, args...)
}
