# One image for all roles. The toolchains are in it because programs are compiled and run with what is below /usr.
# Built by BuildKit, as Docker does by itself since version 23 (before that: DOCKER_BUILDKIT=1).

FROM rust:1-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libseccomp-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The caches outlive the image build, so the binary is copied out of the one it was built in.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked && cp target/release/gavel /usr/local/bin/gavel

FROM debian:12-slim
# `gavel serve` needs only libseccomp2 (linked) and curl (health check); the rest is for `gavel worker`: `mount` for
# its entry point, the toolchains for programs.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates curl libseccomp2 mount \
        gcc g++ libc6-dev python3 pypy3 default-jdk-headless nodejs rustc golang-go \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 970 --home-dir /var/lib/gavel --create-home gavel
COPY --from=build /usr/local/bin/gavel /usr/local/bin/gavel
COPY scripts/container-worker.sh /usr/local/bin/gavel-container-worker
# Unprivileged unless asked otherwise: only the worker of docker-compose.yml asks.
USER gavel
ENV GAVEL_LISTEN=0.0.0.0:8080 GAVEL_DATA_DIR=/var/lib/gavel GAVEL_LOG_FORMAT=json
EXPOSE 8080
ENTRYPOINT ["gavel"]
CMD ["serve"]
