package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// errGone says that a process ended before it was ready.
var errGone = errors.New("the process ended")

// process is one run of a child. It dies with this program.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once the child was waited for
}

// launch starts cmd and waits for it in a goroutine of its own.
//
// The kernel sends Pdeathsig when the *thread* that made the child ends, and Go ends threads as it likes: so that
// goroutine keeps its thread until the child has gone.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	cmd.SysProcAttr = dieWithParent()
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("failed to start %s: %w", cmd.Path, err)
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// signal sends sig; that the child has gone already is no error.
func (p *process) signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("failed to signal process %d: %w", p.pid(), err)
	}
	return nil
}

// pause stops the child, and waits until it stands still: its threads go on until the one has its turn that is to stop
// them all, which on a busy machine takes a while.
func (p *process) pause() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	if err := standsStill(p.pid()); err != nil {
		return fmt.Errorf("failed to wait for process %d to stop: %w", p.pid(), err)
	}
	return nil
}

// kill ends the child with SIGKILL, also a stopped one, and waits until it has gone.
func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return nil
}

// exitCode is what the child ended with, -1 where a signal ended it. Only after done.
func (p *process) exitCode() int { return p.cmd.ProcessState.ExitCode() }
