# syntax=docker/dockerfile:1

# The official Socket.IO client, which the server hands out at /socket.io/socket.io.js.
FROM node:22-bookworm-slim AS client
WORKDIR /parlor
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /parlor
# Line numbers in backtraces are worth their megabytes to developers, not in an image.
ENV CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=debuginfo

# The dependencies, as a layer that stays until the lock file changes: built around an empty program.
# The load tester is not built, but is named in the manifest of the workspace.
COPY .cargo .cargo
COPY rust-toolchain.toml Cargo.toml Cargo.lock build.rs ./
COPY loadtest/Cargo.toml loadtest/
RUN mkdir -p src static loadtest/src \
    && echo 'fn main() {}' > src/main.rs \
    && cp src/main.rs loadtest/src/ \
    && touch src/lib.rs \
    && cargo build --locked --release --bin parlor

COPY --from=client /parlor/node_modules/socket.io-client/dist node_modules/socket.io-client/dist
COPY package-lock.json ./
COPY migrations migrations
COPY templates templates
COPY static static
COPY src src
# Cargo looks at times, and the empty program may be younger than these files.
RUN touch build.rs src/main.rs src/lib.rs \
    && cargo build --locked --release --bin parlor \
    && install -D target/release/parlor /out/usr/local/bin/parlor \
    && install -d -m 0700 /out/data

# glibc, libgcc and the system's certificates; no shell, no package manager; the user is 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/usr/local/bin/parlor /usr/local/bin/parlor
COPY --from=build --chown=65532:65532 /out/data /data
ENV PARLOR_LISTEN=0.0.0.0:3000 \
    PARLOR_DATA_DIR=/data \
    PARLOR_LOG_FORMAT=json
WORKDIR /data
VOLUME /data
EXPOSE 3000
USER 65532:65532
STOPSIGNAL SIGTERM
# Whether the process answers. A database that is away is no reason to end it: that is what /readyz tells.
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s --retries=3 CMD ["parlor", "health"]
ENTRYPOINT ["parlor"]
CMD ["serve"]
