// Peers runs one of the servers that Parley is measured against, as `drill load` starts them:
//
//	peers -kind centrifuge -listen ADDR -redis ADDR [-write-delay 10ms]
//	peers -kind bare       -listen ADDR
//
// KIND, LISTEN_ADDR, REDIS_ADDR and WRITE_DELAY in the environment say the same; /healthz answers 200 as soon as it listens.
//
// Centrifuge is the strongest server of Parley's kind that can be had as a Go library: channels, history and presence in
// Redis. The bare loop is the limit: what the WebSocket library alone costs, with nothing kept and nothing promised.
//
// This is a module of its own, so that what it needs stays out of Parley's.
package main
