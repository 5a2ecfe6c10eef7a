# syntax=docker/dockerfile:1

# One base for both stages. The default is an exact version; Renovate pins its digest beside it.
ARG BASE=oven/bun:1.4.5-distroless

# Dependencies are plain JavaScript, so one architecture installs them for every other.
FROM --platform=$BUILDPLATFORM ${BASE} AS dependencies
# Root here alone, to write into the image; nothing of this stage but node_modules goes further.
# hadolint ignore=DL3002
USER 0:0
WORKDIR /app
COPY package.json bun.lock bunfig.toml ./
# There is no shell in the base, hence the list form.
RUN ["/usr/local/bin/bun", "install", "--production", "--omit=peer", "--frozen-lockfile", "--ignore-scripts"]

FROM ${BASE}
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY app ./app
# Numeric, or runAsNonRoot could not be checked. Files stay root's: the server cannot change itself.
USER 65532:65532
# Without BUN_CONFIG_MAX_HTTP_REQUESTS, Bun asks upstream 256 things at once and lets the rest wait;
# above 65535 it silently falls back to 256.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    ADMIN_PORT=9090 \
    BUN_CONFIG_MAX_HTTP_REQUESTS=65535 \
    BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
EXPOSE 8080 9090
ENTRYPOINT ["/usr/local/bin/bun", "app/main.ts"]
