# Shared by scripts/asterisk and scripts/build-pjsua2: an apt of our own inside a directory. Sourced, not run.
# Own lists and an empty package status, the machine's download settings (proxies), signatures checked: the system's
# packages and lists stay untouched, and no root is needed.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The mirror this machine already uses for Debian, so that a local mirror or proxy is respected.
mirror() {
  local found
  found=$({
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p'
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
      sed -nE 's/^URIs: *([^ ]+).*/\1/p'
  } | grep -E '/debian/?$' | head -n 1) || true
  printf '%s\n' "${found:-http://deb.debian.org/debian}"
}

# prepare_apt KIND SUITE DIRECTORY CACHE ARCH  KIND is deb or deb-src; use it with APT_CONFIG=DIRECTORY/apt.conf.
prepare_apt() {
  local kind=$1 suite=$2 apt=$3 cache=$4 arch=$5
  mkdir -p "$apt/state/lists/partial" "$apt/etc/apt.conf.d" "$apt/etc/preferences.d" "$cache/archives/partial"
  : >"$apt/status"
  echo "$kind [arch=$arch signed-by=$keyring] $(mirror) $suite main" >"$apt/etc/sources.list"
  {
    apt-config dump --format '%f "%v";%n' Acquire 2>/dev/null | grep -v '^Acquire "";' || true
    cat <<CONF
Dir "$apt/";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$cache";
Dir::Cache::archives "$cache/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Etc "$apt/etc";
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "3";
CONF
  } >"$apt/apt.conf"
}
