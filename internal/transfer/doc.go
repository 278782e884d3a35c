// Package transfer carries files between two machines that trust the same key
// and nothing else. The giving side serves them over TLS with a certificate that
// it makes when it starts; the taking side knows that certificate's fingerprint
// from elsewhere and accepts no other, so that no authority is needed. Each
// request shows a token of its own: a name, a digest and an end of life under an
// HMAC, good for one request. A transfer that broke off goes on where it was;
// what arrives is checked against the digest before anybody sees it.
package transfer
