#!/bin/sh
# Makes the release of the commit that is checked out, in the directory given:
# archives for linux and darwin, Debian packages, a bill of materials and
# checksums. The same commit gives the same bytes anywhere: paths are trimmed,
# every time is the commit's, and nothing of the machine gets in.
set -eu
out=${1:-dist}
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0
cd "$(dirname "$0")/.."
[ -z "$(git status --porcelain)" ] || { echo "The tree has changes that are not committed: a release is made of a commit." >&2; exit 1; }
mkdir -p "$out"
out=$(cd "$out" && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
umask 022
export CGO_ENABLED=0 GOFLAGS=-trimpath LC_ALL=C TZ=UTC

epoch=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH="$epoch"
mtime=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
# A tag v1.2.3 is version 1.2.3; any other commit sorts before every tag.
version=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null | sed 's/^v//' || true)
[ -n "$version" ] || version="0.0.0~$(date -u -d "@$epoch" +%Y%m%d%H%M%S).$(git rev-parse --short=10 HEAD)"
name=$(echo "$version" | tr '~' '-')

build() { # os arch
	GOOS=$1 GOARCH=$2 go build -buildvcs=true -ldflags '-s -w -buildid=' -o "$stage/distrobot" ./cmd/distrobot
}

# What is the same for all: made once, by the program of this machine.
go build -o "$stage/here" ./cmd/distrobot
"$stage/here" man | gzip -n9 >"$stage/distrobot.1.gz"
for shell in bash zsh fish; do
	"$stage/here" completion "$shell" >"$stage/completion.$shell"
done
sed 's|^DISTROBOT_DATA=.*|DISTROBOT_DATA=/var/lib/distrobot/bot|' .env.example >"$stage/distrobot.env"

for target in ${TARGETS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64}; do
	os=${target%/*} arch=${target#*/}
	echo "building $os $arch"
	build "$os" "$arch"
	go run ./internal/sbom/cmd "$stage/distrobot" >"$stage/distrobot.cdx.json"
	cp "$stage/distrobot.cdx.json" "$out/distrobot_${name}_${os}_$arch.cdx.json"
	dir=distrobot_${name}_${os}_$arch
	rm -rf "${stage:?}/$dir"
	mkdir -p "$stage/$dir/completion" "$stage/$dir/docs"
	cp "$stage/distrobot" .env.example slack-manifest.yaml README.md "$stage/distrobot.1.gz" "$stage/$dir/"
	cp "$stage"/completion.* "$stage/$dir/completion/"
	cp docs/*.md docs/*.yml docs/*.png "$stage/$dir/docs/"
	cp SECURITY.md "$stage/$dir/"
	tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw -C "$stage" -cf - "$dir" | gzip -n9 >"$out/$dir.tar.gz"
	if [ "$os" = linux ]; then
		sed -e "s|\${MTIME}|$mtime|g; s|\${STAGE}|$stage|g; s|\${DEB_VERSION}|$version|; s|\${DEB_ARCH}|$arch|" packaging/nfpm.yaml >"$stage/nfpm.yaml"
		go run "$nfpm" package --config "$stage/nfpm.yaml" --packager deb --target "$out/distrobot_${name}_$arch.deb"
	fi
done
(cd "$out" && sha256sum distrobot_"$name"* >SHA256SUMS)
echo "made in $out:"
cat "$out/SHA256SUMS"
