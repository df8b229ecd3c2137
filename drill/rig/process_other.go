//go:build !linux

package rig

import "syscall"

// dieWithParent asks for nothing: only Linux has a signal for the death of a parent. Close is what ends the child here.
func dieWithParent() *syscall.SysProcAttr { return nil }

// standsStill trusts that it does soon.
func standsStill(int) error { return nil }
