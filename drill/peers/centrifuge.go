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

// everyone is the channel of those who are in no room.
const everyone = "chat"

// newCentrifuge is a chat as one would build it with Centrifuge: everybody subscribes to channels and may publish to them.
//
// The settings, and why they are fair:
//   - Redis broker with a stream as history, on every publication: what Parley promises needs the same.
//   - Recovery on, so that a subscriber notices and heals a gap: Parley's "no holes" likewise. Nobody recovers during a run.
//   - Presence in Redis, as Parley's members are. Join and leave are pushed in rooms, as Parley does; to everybody they are
//     not: to 10,000 members they would be 100 million messages that Parley sends in batches. That spares Centrifuge work.
//   - The write buffers come from a pool, which saves memory while idle and is what its documentation advises for many
//     connections. For such it also offers ProcessCommandsOffReadLoop (WebsocketConfig: "suits large pools of mostly-idle
//     connections, where it roughly halves the read loop's stack"), and read buffers of what a client's messages need.
//   - With a write delay, writes are made by a timer instead of a goroutine for each connection (ConnectReply.WriteWithTimer).
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
			reply.WriteWithTimer = true
		}
		return reply, nil
	})
	node.OnConnect(allowAll)
	if err := node.Run(); err != nil {
		return nil, fmt.Errorf("failed to run the node: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		ReadBufferSize:             readBuffer,
		UseWriteBufferPool:         true,
		ProcessCommandsOffReadLoop: true,
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
	client.OnSubscribe(func(e centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
		isRoom := e.Channel != everyone
		reply(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{
			EmitPresence:   true,
			EmitJoinLeave:  isRoom,
			PushJoinLeave:  isRoom,
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
