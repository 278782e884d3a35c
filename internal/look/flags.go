package look

// flags are those of Chromium: no network but what a Shot answers, nothing that
// it does by itself, and pages drawn alike each time. The sandbox stays on.
func flags(profile string) []string {
	return []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + profile, "--disk-cache-dir=" + profile + "/cache",
		// Nothing leaves the machine, also where it has a network: names lead nowhere,
		// and what needs none (addresses, WebRTC) goes to a proxy that is not there.
		"--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
		"--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-quic", "--dns-prefetch-disable",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-domain-reliability",
		"--disable-client-side-phishing-detection", "--disable-breakpad", "--no-first-run", "--no-default-browser-check", "--no-pings",
		"--disable-extensions", "--disable-component-extensions-with-background-pages", "--metrics-recording-only", "--password-store=basic", "--use-mock-keychain",
		"--disable-features=Translate,OptimizationHints,MediaRouter,InterestFeedContentSuggestions,DialMediaRouteProvider,AutofillServerCommunication,CertificateTransparencyComponentUpdater,PaintHolding",
		"--deny-permission-prompts", "--disable-notifications", "--disable-popup-blocking", "--disable-prompt-on-repost", "--disable-file-system",
		"--mute-audio", "--disable-dev-shm-usage", "--renderer-process-limit=2",
		// Drawn alike: by the processor, without subpixels, at one scale.
		"--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--force-color-profile=srgb", "--font-render-hinting=none",
		"--disable-lcd-text", "--disable-font-subpixel-positioning", "--disable-smooth-scrolling", "--force-prefers-reduced-motion",
		"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding", "--disable-hang-monitor",
	}
}
