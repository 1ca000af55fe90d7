#!/usr/bin/env bash
# Installs what `npm run test:browser` and `npm run bench -- startup` need: Chromium with its fonts.
set -euo pipefail
if command -v chromium >/dev/null 2>&1; then chromium --version; exit 0; fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo 'Install Chromium and put it on PATH (or set CHROMIUM_PATH), then run this again.' >&2
  exit 1
fi
as_root=""; [ "$(id -u)" = 0 ] || as_root="sudo"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
chromium --version
