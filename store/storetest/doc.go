// Package storetest proves that the store keeps its promises, on any Redis: one
// suite (Run) and the servers to run it on, started by the test on private
// sockets or free loopback ports. A missing redis-server fails the test.
package storetest
