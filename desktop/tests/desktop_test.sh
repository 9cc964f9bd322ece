#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The plug-ins in the programs that people use:  desktop_test.sh BUILD FLOWZIP SOURCE
#
# gdk-pixbuf-thumbnailer in bubblewrap, as GNOME runs it; tumbler, by D-Bus; ImageMagick; eog and gwenview under Xvfb. Screenshots are left in
# BUILD/desktop/screenshots, to be looked at; the test compares their colours with the picture's. What is not installed is
# named and left out.
set -euo pipefail
build=$(realpath "$1") flowzip=$2 source=$3
shots=$build/desktop/screenshots
mkdir -p "$shots"
folder=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill -- "$pid" 2>/dev/null || true; done
  fusermount -u "$folder/runtime/doc" 2>/dev/null || true  # the portal of a desktop program
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
have() { command -v "$1" >/dev/null || { echo "left out: $1 is not installed"; return 1; }; }

# A home and a system of its own, in which the plug-ins are installed.
mkdir -p home share/mime/packages share/thumbnailers runtime
chmod 700 runtime
cp "$source/share/flowzip.xml" share/mime/packages/
cp "$source/desktop/gdk-pixbuf/flowzip.thumbnailer" share/thumbnailers/
export HOME=$folder/home XDG_RUNTIME_DIR=$folder/runtime XDG_CACHE_HOME=$folder/home/.cache
export XDG_DATA_HOME=$folder/home/.local/share XDG_DATA_DIRS=$folder/share:/usr/local/share:/usr/share
export XDG_CONFIG_HOME=$folder/home/.config GDK_BACKEND=x11 QT_QPA_PLATFORM=xcb LIBGL_ALWAYS_SOFTWARE=1
update-mime-database share/mime 2>/dev/null
query=$(find /usr/lib -name gdk-pixbuf-query-loaders | head -1)
loader=$build/desktop/libpixbufloader-flowzip.so
if [ -f "$loader" ]; then
  "$query" >loaders.cache
  "$query" "$loader" >>loaders.cache
  export GDK_PIXBUF_MODULE_FILE=$folder/loaders.cache
fi

# A photograph of some megapixels with grain, standard effort: what a camera's files are turned into.
convert "$source/data/photos/colorado.png" -resize 400% -seed 1 -attenuate 0.3 +noise Gaussian -depth 8 photo.ppm
"$flowzip" encode -q photo.ppm -o photo.flz
"$flowzip" decode -q photo.flz -o photo.png

# How far the mean colours of two pictures are apart, of 255.
colour() { convert "$1" -alpha off -resize 1x1\! -depth 8 txt:- | grep -o '([0-9,]*' | tail -1 | tr -d '('; }
apart() {
  paste -d' ' <(colour "$1" | tr , '\n') <(colour "$2" | tr , '\n') |
    awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > most) most = d } END { print most + 0 }'
}

if [ -f "$loader" ] && have bwrap && have gdk-pixbuf-thumbnailer; then
  # As gnome-desktop does it: nothing writable but the output, no network, no processes of others.
  start=$(date +%s%N)
  bwrap --ro-bind /usr /usr --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
    --symlink usr/bin /bin --proc /proc --dev /dev --chdir / --unshare-all --die-with-parent \
    --ro-bind "$folder" /in --ro-bind "$build" "$build" --bind "$folder/home" /out \
    --setenv GDK_PIXBUF_MODULE_FILE /in/loaders.cache --setenv XDG_DATA_DIRS /in/share:/usr/share \
    --setenv HOME /out gdk-pixbuf-thumbnailer -s 256 /in/photo.flz /out/thumbnail.png ||
    fail "gdk-pixbuf-thumbnailer in bubblewrap"
  echo "gdk-pixbuf-thumbnailer in bubblewrap: $((($(date +%s%N) - start) / 1000000)) ms"
  cp home/thumbnail.png "$shots/thumbnail.png"
  [ "$(apart home/thumbnail.png photo.png)" -lt 4 ] || fail "thumbnail of other colours"
  if bwrap --ro-bind / / --dev /dev true 2>/dev/null; then
    head -c 5000 photo.flz >cut.flz
    gdk-pixbuf-thumbnailer -s 256 cut.flz cut.png 2>/dev/null && [ -f cut.png ] && fail "a thumbnail of nothing"
  fi
fi

if [ -f "$loader" ] && have dbus-run-session && [ -x /usr/lib/*/tumbler-1/tumblerd ]; then
  # The bus starts it. Its other plug-ins look for codecs for minutes.
  mkdir -p "$XDG_CONFIG_HOME/tumbler"
  printf '[%sThumbnailer]\nDisabled=true\n' Gst Poppler Font Desktop >"$XDG_CONFIG_HOME/tumbler/tumbler.rc"
  timeout 90 dbus-run-session -- bash -c '
    name=org.freedesktop.thumbnails.Thumbnailer1
    gdbus call --session --dest $name --object-path /org/freedesktop/thumbnails/Thumbnailer1 --method $name.Queue \
      "[\"file://$0/photo.flz\"]" "[\"image/x-flowzip\"]" normal default "uint32 0"
    for i in $(seq 100); do
      find "$XDG_CACHE_HOME" -path "*thumbnails*" -name "*.png" ! -name "*-*" 2>/dev/null | grep -q . && exit
      sleep 0.2
    done' "$folder" >tumbler.log 2>&1 || true
  thumbnail=$(find "$XDG_CACHE_HOME" -path "*thumbnails*" -name "*.png" ! -name "*-*" 2>/dev/null | head -1 || true)
  if [ -n "$thumbnail" ]; then
    cp "$thumbnail" "$shots/tumbler.png"
    [ "$(apart "$thumbnail" photo.png)" -lt 6 ] || fail "tumbler: other colours"
    echo "tumbler: $(identify -format '%wx%h' "$thumbnail")"
  else
    cat tumbler.log
    fail "tumbler made no thumbnail"
  fi
fi

# ImageMagick, which reads by the command.
if have convert; then
  export MAGICK_CONFIGURE_PATH=$source/share/imagemagick
  PATH=$(dirname "$flowzip"):$PATH convert photo.flz magick.png || fail "convert"
  [ "$(compare -metric AE magick.png photo.png null: 2>&1)" = 0 ] || fail "convert: other pixels"
  head -c 5000 photo.flz >cut.flz
  PATH=$(dirname "$flowzip"):$PATH convert cut.flz cut.png 2>magick.log && fail "convert: a picture of half a file"
  grep -q 'cut short' magick.log || fail "convert: $(cat magick.log)"
  unset MAGICK_CONFIGURE_PATH
fi

# shot NAME COMMAND...: starts it, and takes a screenshot once that shows the picture.
shot() {
  local name=$1 number distance=255
  shift
  setsid "$@" >"$name.log" 2>&1 &  # with what it starts, a group to be ended as one
  local program=$!
  pids+=("-$program")
  for number in $(seq 40); do
    sleep 1
    kill -0 "$program" 2>/dev/null || break
    import -window root -display "$DISPLAY" "$name.png" 2>/dev/null || continue
    # What is left without the dark around it. (No window manager: a window has the place and size that it likes.)
    convert "$name.png" -fuzz 15% -trim +repage shown.png 2>/dev/null || continue  # nothing yet
    distance=$(apart shown.png photo.png)
    [ "$distance" -ge 25 ] || break
  done
  kill -- "-$program" 2>/dev/null || true
  wait "$program" 2>/dev/null || true
  [ -f "$name.png" ] || { tail -5 "$name.log"; fail "$name: no screenshot"; return; }
  convert "$name.png" -colors 128 "$shots/$name.png"
  echo "$name: screenshot after $number s, mean colour $distance of 255 apart"
  [ "$distance" -lt 25 ] || fail "$name does not show the picture"
}

if have Xvfb && have import; then
  Xvfb :87 -screen 0 900x640x24 -nolisten tcp >xvfb.log 2>&1 &
  pids+=($!)
  export DISPLAY=:87
  sleep 1
  if [ -f "$loader" ] && have eog; then
    shot eog dbus-run-session -- eog --fullscreen photo.flz
  fi
  if [ -f "$build/desktop/qt5/imageformats/libqflowzip.so" ] && have gwenview; then
    QT_PLUGIN_PATH=$build/desktop/qt5 shot gwenview dbus-run-session -- gwenview --fullscreen photo.flz
  fi
fi
exit $((failures > 0))
