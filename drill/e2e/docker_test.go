package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"parley/drill/rig"
)

const (
	// maxImageBytes is what the image may weigh.
	maxImageBytes = 25_000_000

	// dockerTimeout bounds the whole test: the build compiles the standard library with a cold cache.
	dockerTimeout = 8 * time.Minute

	// dockerPoll is how often the engine is asked about a container's health, which has no event to wait for.
	dockerPoll = 100 * time.Millisecond

	// dockerCleanup bounds each removal at the end.
	dockerCleanup = 30 * time.Second
)

// engine is the container engine, for one test; what the test makes bears its tag.
type engine struct {
	t   *testing.T
	ctx context.Context
	tag string
}

// TestImageServesNodesOnOneRedis builds the Dockerfile on a stand-in for its build image, which may not be
// within reach, lets its containers talk to each other through a Redis outside of them, and cuts one off from it.
func TestImageServesNodesOnOneRedis(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: building an image takes a minute")
	}
	ctx, cancel := context.WithTimeout(t.Context(), dockerTimeout)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "docker", "version").CombinedOutput(); err != nil {
		t.Skipf("skipped: no container engine answers, so nothing is said about the Dockerfile (%v: %s)", err, bytes.TrimSpace(out))
	}
	e := &engine{t: t, ctx: ctx, tag: "parley-test-" + strings.ToLower(rand.Text()[:8])}

	base, stage, image := e.tag+":base", e.tag+":build", e.tag+":latest"
	e.importBase(base)
	e.build(base, stage, "--target", "build") // by a name of its own, so that it can be removed
	e.build(base, image)
	e.checkImage(image)

	network := e.tag
	e.docker("network", "create", network)
	e.cleanUp("network", "rm", network)
	gateway := e.docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", network)
	redis, err := rig.NewRedis("--bind", "127.0.0.1", gateway, "--protected-mode", "no")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := redis.Close(); err != nil {
			t.Error(err)
		}
	})
	_, redisPort, err := net.SplitHostPort(redis.Addr())
	if err != nil {
		t.Fatal(err)
	}

	var people []*rig.Client
	for _, name := range []string{"alice", "bob", "carol"} {
		addr := e.run(image, network, name, net.JoinHostPort(gateway, redisPort))
		client, err := rig.Dial(ctx, "ws://"+addr+"/ws", rig.ClientOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		e.say(client, "join:"+name)
		e.hear(client, "Welcome "+name+"!")
		people = append(people, client)
	}
	alice, bob := people[0], people[1]
	e.say(alice, "msg:alice:hello over there")
	e.hear(bob, `"text":"hello over there"`)
	e.say(bob, "dm:bob:alice:and back")
	e.hear(alice, `"text":"and back"`)
	e.compose(image)
	e.cutOff(redis, people)
}

func (e *engine) build(base, tag string, args ...string) {
	e.t.Helper()
	e.cleanUp("rmi", "--force", tag)
	args = append([]string{"build", "--force-rm", "--build-arg", "BUILD_IMAGE=" + base, "--tag", tag}, args...)
	e.docker(append(args, repository)...)
}

// checkImage asserts what the image promises before it runs.
func (e *engine) checkImage(image string) {
	e.t.Helper()
	var all []struct {
		Size   int64
		Config struct {
			User         string
			ExposedPorts map[string]struct{}
			Healthcheck  struct{ Test []string }
		}
	}
	if err := json.Unmarshal([]byte(e.docker("image", "inspect", image)), &all); err != nil {
		e.t.Fatal(err)
	}
	got := all[0]
	e.t.Logf("the image has %.1f MB", float64(got.Size)/1e6)
	if got.Size > maxImageBytes {
		e.t.Errorf("the image has %d bytes, at most %d are allowed", got.Size, maxImageBytes)
	}
	if user, _, _ := strings.Cut(got.Config.User, ":"); user == "" || user == "0" || user == "root" {
		e.t.Errorf("the image runs as user %q", got.Config.User)
	}
	if test := strings.Join(got.Config.Healthcheck.Test, " "); test != "CMD /parley healthcheck" {
		e.t.Errorf("the image's health check is %q", test)
	}
	if _, ok := got.Config.ExposedPorts["8080/tcp"]; !ok {
		e.t.Errorf("the image exposes %v", got.Config.ExposedPorts)
	}
}

// run starts a container of image as the README does, waits until its own health check calls it healthy, and
// returns where it is reached.
func (e *engine) run(image, network, name, redisAddr string) string {
	e.t.Helper()
	container := e.tag + "-" + name
	create := []string{"create", "--name", container, "--network", network, "--publish", "127.0.0.1::8080", "--health-interval", "1s"}
	for _, setting := range append([]string{"REDIS_ADDR=" + redisAddr}, rig.Unlimited...) {
		create = append(create, "--env", setting)
	}
	e.docker(append(create, image)...)
	e.cleanUp("rm", "--force", "--volumes", container)
	e.t.Cleanup(func() {
		if e.t.Failed() {
			out, _ := exec.Command("docker", "logs", container).CombinedOutput()
			e.t.Logf("%s:\n%s", container, out)
		}
	})
	e.docker("start", container)
	e.healthy(container)
	return e.docker("inspect", "--format", `{{with index .NetworkSettings.Ports "8080/tcp" 0}}{{.HostIp}}:{{.HostPort}}{{end}}`, container)
}

// healthy waits until a container's own health check says so.
func (e *engine) healthy(container string) {
	e.t.Helper()
	tick := time.NewTicker(dockerPoll)
	defer tick.Stop()
	for {
		state := e.docker("inspect", "--format", "{{.State.Status}} {{.State.Health.Status}}", container)
		if state == "running healthy" {
			return
		}
		if !strings.HasPrefix(state, "running") || strings.HasSuffix(state, "unhealthy") {
			e.t.Fatalf("%s is %s", container, state)
		}
		select {
		case <-tick.C:
		case <-e.ctx.Done():
			e.t.Fatalf("%s is %s", container, state)
		}
	}
}

// docker runs one command of the engine and returns its output.
func (e *engine) docker(args ...string) string {
	e.t.Helper()
	return e.dockerReading(nil, args...)
}

// dockerReading is docker with something on its standard input.
func (e *engine) dockerReading(stdin io.Reader, args ...string) string {
	e.t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(e.ctx, "docker", args...)
	cmd.Stdin, cmd.Stderr = stdin, &stderr
	out, err := cmd.Output()
	if err != nil {
		e.t.Fatalf("docker %s: %v\n%s%s", args[0], err, out, stderr.String())
	}
	return string(bytes.TrimSpace(out))
}

// cleanUp runs a command of the engine when the test has ended, whether or not there is something to remove.
func (e *engine) cleanUp(args ...string) {
	e.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dockerCleanup)
		defer cancel()
		if out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput(); err != nil {
			e.t.Logf("docker %s: %v: %s", args[0], err, bytes.TrimSpace(out))
		}
	})
}

func (e *engine) say(c *rig.Client, frame string) {
	e.t.Helper()
	if err := c.Send(frame); err != nil {
		e.t.Fatal(err)
	}
}

func (e *engine) hear(c *rig.Client, part string) {
	e.t.Helper()
	if _, err := c.Await(e.ctx, func(f rig.Frame) bool { return strings.Contains(string(f.Raw), part) }); err != nil {
		e.t.Fatal(err)
	}
}
