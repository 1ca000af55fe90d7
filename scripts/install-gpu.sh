#!/usr/bin/env bash
# Installs TensorFlow.js for `streamverse train --engine tfjs` into .engines/tfjs (git ignores it): the JavaScript from npm,
# TensorFlow itself from PyPI, with CUDA where an NVIDIA driver answers, and the small native part between the two, compiled
# here: the one that is published apart knows older systems only. `--cpu` and `--cuda` choose instead of looking.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
tfjs=4.22.0; headers=1.9.0; tensorflow=2.21.0
dir=.engines/tfjs; native=$dir/native; package=$dir/node_modules/@tensorflow/tfjs-node
say() { echo "install-gpu: $*"; }
stop() { echo "install-gpu: $*" >&2; exit 1; }
try() {
  node --input-type=module -e "
    import { findTensorFlow } from '#models/ncf/tensorflow.ts'
    const { found, failures } = await findTensorFlow({ packages: ['@tensorflow/tfjs-node'] })
    console.log(found === null ? 'cannot be loaded: ' + failures.join('; ') : 'installed: ' + found.about)
    process.exit(found === null ? 1 : 0)" 2>/dev/null
}

case "${1:-}" in
  --cpu) flavour=cpu ;;
  --cuda) flavour=cuda ;;
  '') if nvidia-smi -L >/dev/null 2>&1; then flavour=cuda; else flavour=cpu; fi ;;
  *) stop "takes --cpu or --cuda, not $1" ;;
esac
if [ "$flavour" = cpu ] && [ "${1:-}" = '' ]; then
  say 'no NVIDIA driver answers nvidia-smi -L: TensorFlow for the CPU it is. With a GPU install its driver and run this again.'
fi
mark="$tfjs $tensorflow $flavour"
if [ "$(cat "$native/installed" 2>/dev/null)" = "$mark" ] && try; then exit 0; fi

mkdir -p "$dir"
[ -f "$dir/package.json" ] || echo '{ "private": true }' >"$dir/package.json"
npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error \
  "@tensorflow/tfjs-node@$tfjs" "node-api-headers@$headers"
if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  stop "the native part is made on Linux x86_64 only; here $dir has the plain JavaScript. 'npm rebuild --prefix $dir" \
    "@tensorflow/tfjs-node' asks the package for a native part of its own."
fi

missing=()
command -v g++ >/dev/null 2>&1 || missing+=(g++)
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null 2>&1 || stop "missing: ${missing[*]}. Install them, then run this again."
  as_root=""; [ "$(id -u)" = 0 ] || as_root="sudo"
  $as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

rm -rf "$native"; mkdir -p "$native"
wheel=tensorflow-cpu; [ "$flavour" = cpu ] || wheel=tensorflow
say "fetching $wheel $tensorflow"
# Only its libraries are used, which no version of Python matters to.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.12 \
  --dest "$native/wheel" "$wheel==$tensorflow" || stop "$wheel $tensorflow could not be had from PyPI"
cuda=$(python3 - "$native" <<'PYTHON'
import glob, re, sys, zipfile
native = sys.argv[1]
with zipfile.ZipFile(glob.glob(native + '/wheel/*.whl')[0]) as wheel:
    for name in wheel.namelist():
        if re.match(r'tensorflow/(libtensorflow_(cc|framework)\.so|include/(tensorflow/c|tensorflow/core/platform|tsl|xla/tsl)/)', name):
            wheel.extract(name, native)
        if name.endswith('.dist-info/METADATA'):
            for line in wheel.read(name).decode().splitlines():
                needed = re.match(r'Requires-Dist: (nvidia-\S+);.*and-cuda', line)
                if needed:
                    print(needed[1])
PYTHON
)
rm -rf "$native/wheel"
if [ "$flavour" = cuda ]; then
  say 'fetching CUDA (some gigabytes)'
  # shellcheck disable=SC2086
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --only-binary=:all: --target "$native" $cuda ||
    stop 'the CUDA libraries could not be had from PyPI'
fi

say 'compiling the native part'
mkdir -p "$package/lib/napi-v8"
g++ -O2 -std=c++17 -fPIC -shared -DNAPI_VERSION=8 -I"$dir/node_modules/node-api-headers/include" -I"$native/tensorflow/include" \
  "$package"/binding/*.cc -o "$package/lib/napi-v8/tfjs_binding.node" -L"$native/tensorflow" \
  -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 "-Wl,-rpath,\$ORIGIN/../../../../../native/tensorflow"
rm -rf "$native/tensorflow/include"
try || stop 'TensorFlow was installed and cannot be loaded, see above'
echo "$mark" >"$native/installed"
if [ "$flavour" = cuda ] && ! try | grep -q '(GPU)'; then
  say 'CUDA is there and TensorFlow sees no GPU: look at nvidia-smi, and at what TensorFlow says with --engine tfjs.'
fi
