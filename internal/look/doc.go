// Package look takes pictures of web pages with headless Chromium and tells how
// far two of them differ.
//
// The pages are hostile: Chromium runs as a user without rights, in a throw-away
// profile, with its own sandbox, in time and memory limits, and is ended with the
// process that started it. It has no network: every request of a page is answered
// by a function of the caller or refused (see Shot), so that a page can be looked
// at which is served nowhere. What the package says of pages is never trusted
// text of theirs: numbers, and the hosts that they asked in vain.
package look
