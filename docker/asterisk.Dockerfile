# Asterisk 22 from Debian, with the configuration that the service `exchange-setup` writes.
FROM debian:forky-slim
RUN apt-get update && apt-get install -y --no-install-recommends asterisk ca-certificates && rm -rf /var/lib/apt/lists/* /etc/asterisk/* \
    && usermod --uid 10001 asterisk && groupmod --gid 10001 asterisk \
    && install -d -m 0750 -o asterisk -g asterisk /run/asterisk /var/lib/asterisk/keys /var/lib/asterisk/moh \
         /var/log/asterisk/cdr-custom /var/log/asterisk/cel-custom /var/spool/asterisk/monitor /var/spool/asterisk/recording /var/cache/asterisk \
    && chown -R asterisk:asterisk /etc/asterisk /run/asterisk /var/lib/asterisk /var/log/asterisk /var/spool/asterisk /var/cache/asterisk
USER asterisk
CMD ["asterisk", "-f", "-n"]
