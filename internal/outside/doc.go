// Package outside holds the tests in which programs and types that nobody here
// wrote judge ours:
//
//   - Slack's own framework for apps, Bolt for JavaScript, runs a small app
//     (testdata/bolt) in the local workspace, over Socket Mode and over HTTP;
//     what the workspace sends it is checked against Bolt's types of payloads,
//     what its Web API answers against those of Slack's client;
//   - the bot works on a Slack that somebody else imitates, npm's `emulate`;
//   - every golden message is checked by the TypeScript compiler against
//     @slack/types.
//
// All of that comes from npm, at the versions of testdata/npm, once for each
// lock file, into the user's cache directory (see npm_test.go).
package outside
