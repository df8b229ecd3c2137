package redisbridge

import (
	"embed"

	"github.com/redis/go-redis/v9"
)

// The scripts say in their heads what KEYS and ARGV they take and what they give. Those about who is present
// share what stands in names.lua.
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
	presentScript = mustLoad("names", "present")
	renewScript   = mustLoad("names", "renew")
	gatherScript  = mustLoad("names", "gather")
	reapScript    = mustLoad("names", "reap")

	allScripts = []*redis.Script{
		appendScript, restoreScript, claimScript, releaseScript, vouchScript, holdScript, presentScript, renewScript,
		gatherScript, reapScript,
	}
)

// mustLoad makes one script of some files.
func mustLoad(names ...string) *redis.Script {
	var source []byte
	for _, name := range names {
		part, err := scriptFiles.ReadFile("scripts/" + name + ".lua")
		if err != nil {
			panic(err) // unreachable: the file is embedded
		}
		source = append(source, part...)
	}
	return redis.NewScript(string(source))
}
