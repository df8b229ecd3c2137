package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge"
)

const (
	// historySize and historyTTL keep as much as Parley keeps: the last 10,000 messages; a day stands for "as long as needed".
	historySize = 10_000
	historyTTL  = 24 * time.Hour

	// allInOneFrame lifts the limit of 16 messages a write. With a write delay of 10 ms that limit would cap a connection at
	// 1,600 messages a second, whatever the server could do: it would lose the bars by a setting.
	allInOneFrame = -1
)

// newCentrifuge is a chat as one would build it with Centrifuge: everybody subscribes to one channel and may publish to it.
//
// The settings, and why they are fair:
//   - Redis broker with a stream as history, on every publication: what Parley promises needs the same.
//   - Recovery on, so that a subscriber notices and heals a gap: Parley's "no holes" likewise. Nobody recovers during a run.
//   - Presence in Redis, as Parley's members are. Join and leave are not pushed: to 10,000 members they would be 100 million
//     messages that Parley sends in batches. That spares Centrifuge work.
//   - The write buffers come from a pool, which saves memory while idle and is what its documentation advises for many connections.
//   - Answers to publishers go through the queue, so that they share writes with deliveries.
//   - No logging, no compression, everything else as the library has it.
func newCentrifuge(redisAddr string, writeDelay time.Duration) (*http.ServeMux, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, fmt.Errorf("failed to make the node: %w", err)
	}
	if err := useRedis(node, redisAddr); err != nil {
		return nil, err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		reply := centrifuge.ConnectReply{
			Credentials: &centrifuge.Credentials{}, // anonymous
			WriteDelay:  writeDelay,
		}
		if writeDelay > 0 {
			reply.MaxMessagesInFrame = allInOneFrame
		}
		return reply, nil
	})
	node.OnConnect(allowAll)
	if err := node.Run(); err != nil {
		return nil, fmt.Errorf("failed to run the node: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		UseWriteBufferPool: true,
	}))
	return mux, nil
}

func useRedis(node *centrifuge.Node, addr string) error {
	shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{Address: addr})
	if err != nil {
		return fmt.Errorf("failed to reach Redis: %w", err)
	}
	shards := []*centrifuge.RedisShard{shard}
	broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{Shards: shards})
	if err != nil {
		return fmt.Errorf("failed to make the broker: %w", err)
	}
	node.SetBroker(broker)
	presence, err := centrifuge.NewRedisPresenceManager(node, centrifuge.RedisPresenceManagerConfig{Shards: shards})
	if err != nil {
		return fmt.Errorf("failed to make the presence manager: %w", err)
	}
	node.SetPresenceManager(presence)
	return nil
}

// allowAll lets a client subscribe and publish, as a chat does once a name is taken.
func allowAll(client *centrifuge.Client) {
	client.OnSubscribe(func(_ centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
		reply(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{
			EmitPresence:   true,
			EnableRecovery: true,
		}}, nil)
	})
	client.OnPublish(func(_ centrifuge.PublishEvent, reply centrifuge.PublishCallback) {
		reply(centrifuge.PublishReply{Options: centrifuge.PublishOptions{
			HistorySize: historySize,
			HistoryTTL:  historyTTL,
		}}, nil)
	})
}
