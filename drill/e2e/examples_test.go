package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"parley/drill/rig"
)

// bots are the examples, by the command that runs each; "" where the language is not installed.
func bots(t *testing.T) map[string][]string {
	t.Helper()
	examples := filepath.Join(repository, "examples")
	gobot := filepath.Join(t.TempDir(), "bot")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", gobot, "parley/examples/go").CombinedOutput(); err != nil {
		t.Fatalf("failed to build the bot: %v\n%s", err, out)
	}
	all := map[string][]string{"Go": {gobot}}
	for _, python := range []string{"/usr/bin/python3", "python3"} { // the system's has what its packages bring
		if exec.CommandContext(t.Context(), python, "-c", "import websockets").Run() == nil {
			all["Python"] = []string{python, filepath.Join(examples, "python", "bot.py")}
			break
		}
	}
	for _, flags := range [][]string{nil, {"--experimental-websocket"}} { // Node 20 wants to be asked
		if exec.CommandContext(t.Context(), "node", append(flags, "-e", "WebSocket")...).Run() == nil {
			all["JavaScript"] = append(append([]string{"node"}, flags...), filepath.Join(examples, "js", "bot.mjs"))
			break
		}
	}
	return all
}

// TestExamplesAnswerAndMissNothingThoughTheServerIsKilled says the bots' word while they are there, and while they are not.
func TestExamplesAnswerAndMissNothingThoughTheServerIsKilled(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	env := []string{"REDIS_ADDR=" + redis.Addr(), "LISTEN_ADDR=" + freeAddr(t)}
	theirs, other := startNode(t, env...), startNode(t, "REDIS_ADDR="+redis.Addr())
	alice := join(t, other, "alice")
	all := bots(t)
	for _, language := range []string{"Go", "Python", "JavaScript"} {
		command := all[language]
		if command == nil {
			t.Logf("%s is not installed here, or lacks WebSockets: nothing is said about its example", language)
			continue
		}
		bot := exec.CommandContext(t.Context(), command[0], append(command[1:], "ws"+strings.TrimPrefix(theirs.URL, "http")+"/ws", language)...)
		if err := bot.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = bot.Process.Kill(); _ = bot.Wait() })
		alice.await(language+" is there", func(f rig.Frame) bool {
			return f.Type == "member_add" && strings.Contains(string(f.Raw), fmt.Sprintf(`"name":%q`, language))
		})
	}
	answered := func() {
		t.Helper()
		for language, command := range all {
			if command != nil {
				alice.await(language+" answers", func(f rig.Frame) bool {
					return f.Type == "msg" && strings.Contains(string(f.Raw), fmt.Sprintf(`"user":%q,"text":"alice: pong"`, language))
				})
			}
		}
	}
	alice.say("msg#1:alice:ping")
	answered()
	theirs.Kill()
	alice.say("msg#2:alice:ping")
	alice.hear("ack")
	startNode(t, env...)
	answered()

	alice.say("msg#3:alice:that was all")
	alice.hearText("that was all")
	if n := strings.Count(strings.Join(dump(t, redis, "chat:messages"), "\n"), "alice: pong"); n != 2*len(all) {
		t.Errorf("%d bots answered 2 times with %d messages", len(all), n)
	}
}
