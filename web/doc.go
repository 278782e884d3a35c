// Package web serves the pages that people look at in a browser: a comparison in
// full, and the fleet as it is. They are drawn on the server, can be read without
// script, and change nothing, but for Confirm where a distribution's policy lets
// people press it there, which goes the way of the press in Slack.
//
// Who may look is asked as for a command, with every request. People come by a
// link of their own, made by Compare or the command page and exchanged for a
// session by the first opening, or by Sign in with Slack.
package web
