// Package workspace is a Slack-compatible workspace for one machine: a person
// tries distrobot in it, and a test drives it, without a Slack account.
//
// It has four faces, all served by one http.Handler on a loopback address:
//
//   - /api/METHOD, /link and /response/ID speak Slack's Web API, Socket Mode
//     and response URLs to a bot built on slack-go (or on Slack's own Bolt);
//     with Options.AppURL set, commands, clicks and events are sent as signed
//     HTTP requests instead (HTTP mode).
//   - /workspace/… is for scripts and for the page: say, click, submit, read
//     the state, cause a fault, send a forged request. JSON, bearer token.
//   - / is a page in the browser, plain HTML, CSS and script in web/.
//   - Slack's own refusals: invalid blocks with JSON pointers, one table a
//     message, text too long, used trigger ids and response URLs, rate limits.
//     The checks in limits*.go are written from Slack's documentation alone and
//     share nothing with the bot's own checker, so that the two can disagree.
//
// Everything is in memory and gone when the program ends. The state is guarded
// by one mutex (Server.mu); handlers of the Web API run wholly under it, and
// whoever waits for the app (an acknowledgement may take 3 s) does not hold it.
package workspace
