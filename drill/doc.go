// Drill breaks a chat server in every way it knows, while some hundred clients talk, and judges afterwards whether all
// promises of the protocol were kept.
//
//	go run ./drill -duration 10m             three nodes and a Redis of its own, all faults
//	go run ./drill -url http://host:8080 …   a server that runs already: only its actors are killed
//	go run ./drill load …                    the load generator, see drill/load
//
// The map:
//
//	plan.go, deck.go        what is broken when, outage.go at times two at once: a pure function of the seed
//	cluster.go, node.go     what there is to break: nodes, Redis, the links between
//	inject.go, chaos.go     breaking it
//	cast.go                 which clients there are
//	talker.go, visit.go     a client that behaves well; stranger.go: one of several with a name
//	mood.go, mischief.go    what comes to its mind, good or bad; whim.go does what is no talking
//	closes.go               which ends of connections have a reason
//	prober.go               measures how long a killed actor is missed; recovery.go says how long it may be
//	recorder.go             what every connection said and heard; tape.go writes it to a file
//	logs.go                 what Redis holds at the end; follower.go what it held before
//	drill.go                the course of a drill; summary.go its table, tally.go what is counted there
//
// Judging is package check, and things under control are package rig; neither knows this one.
package main
