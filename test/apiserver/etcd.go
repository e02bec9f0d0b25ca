package main

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
)

type etcdServer struct {
	endpoint string
	server   *embed.Etcd
	client   *clientv3.Client
}

func startEtcd(ctx context.Context, dir string) (*etcdServer, error) {
	loopback := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	cfg := embed.NewConfig()
	cfg.Dir = dir
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = loopback, loopback
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = loopback, loopback
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.UnsafeNoFsync = true
	cfg.LogLevel = "warn"
	// Only the flag has a default; zero warns about every request.
	cfg.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration
	// There is nobody to be elected against: the default second of waiting for a leader buys nothing.
	cfg.TickMs, cfg.ElectionMs = 20, 100

	server, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, err
	}
	e := &etcdServer{server: server, client: v3client.New(server.Server)}
	select {
	case <-server.Server.ReadyNotify():
		e.endpoint = "http://" + server.Clients[0].Addr().String()
		return e, nil
	case err = <-server.Err():
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(30 * time.Second):
		err = errors.New("not ready after 30 s")
	}
	return nil, err
}

// compact does what kube-apiserver does every five minutes, with its key, so that its own idea of the compacted
// revision moves too.
func (e *etcdServer) compact(ctx context.Context) (int64, error) {
	const key = "compact_rev_key"
	now, err := e.client.Get(ctx, key)
	if err != nil {
		return 0, err
	}
	revision := now.Header.Revision
	if _, err := e.client.Put(ctx, key, strconv.FormatInt(revision, 10)); err != nil {
		return 0, err
	}
	_, err = e.client.Compact(ctx, revision, clientv3.WithCompactPhysical())
	return revision, err
}
