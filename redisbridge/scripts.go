package redisbridge

import (
	"embed"

	"github.com/redis/go-redis/v9"
)

// The scripts say in their heads what KEYS and ARGV they take and what they give.
//
//go:embed scripts/*.lua
var scriptFiles embed.FS

var (
	appendScript  = mustLoad("append")
	restoreScript = mustLoad("restore")
	claimScript   = mustLoad("claim")
	releaseScript = mustLoad("release")
	vouchScript   = mustLoad("vouch")
	holdScript    = mustLoad("hold")
	presentScript = mustLoad("present")
	renewScript   = mustLoad("renew")
	gatherScript  = mustLoad("gather")
	reapScript    = mustLoad("reap")

	allScripts = []*redis.Script{
		appendScript, restoreScript, claimScript, releaseScript, vouchScript, holdScript, presentScript, renewScript,
		gatherScript, reapScript,
	}
)

func mustLoad(name string) *redis.Script {
	source, err := scriptFiles.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		panic(err) // unreachable: the file is embedded
	}
	return redis.NewScript(string(source))
}
