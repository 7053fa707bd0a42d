# The same steps as `make build`, and then an image that holds the one file they end in.

FROM node:20-bookworm-slim AS node

FROM rust:1.95-bookworm AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /src

# The tools depend on these files alone, so that they are compiled again only when one of these changes.
COPY Cargo.toml Cargo.lock package.json package-lock.json .npmrc ./
COPY scripts/lib.sh scripts/setup.sh scripts/
RUN --mount=type=cache,target=/usr/local/cargo/registry scripts/setup.sh rust front

COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry scripts/build.sh

FROM debian:bookworm-slim
# With a number, so that platforms which insist on a user that is not root can see that it is not.
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin push-system \
    && install --directory --owner=push-system --group=push-system --mode=0700 /data
# Whom to believe: a database or a Redis that is reached over TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/target/release/push-system /usr/local/bin/push-system

ENV PUSH_LISTEN=0.0.0.0:8000 PUSH_DATA_DIR=/data
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=40s CMD ["push-system", "healthcheck"]
ENTRYPOINT ["push-system"]
CMD ["serve"]
