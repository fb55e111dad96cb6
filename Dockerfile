# The two images of Outrigger: the operator and the proxy, one file of JavaScript each, and Node.js to run it.
#
#   docker build --target operator --tag outrigger/operator:0.1.0 .
#   docker build --target proxy    --tag outrigger/proxy:0.1.0 .
#
# What ships stands on an empty base: Node's executable, the libraries that it is linked with, one user. No shell, no package manager,
# no file that the process may write. Node brings its own certificate authorities, and glibc its own name service.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# No install scripts: the only ones there are fetch a Node.js, which this image has, and check a binary.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/build.ts scripts/
COPY proxy proxy
COPY operator operator
RUN node scripts/build.ts

FROM node:24.21.0-bookworm-slim AS root
RUN mkdir -p /root-fs/etc /root-fs/usr/local/bin \
 && cp /usr/local/bin/node /root-fs/usr/local/bin/node \
 && cp /usr/local/LICENSE /root-fs/usr/local/LICENSE \
 && ldd /usr/local/bin/node | grep -o '/[^ ]*' | xargs -I LIBRARY cp -L --parents LIBRARY /root-fs \
 && echo 'outrigger:x:65532:65532:outrigger:/:/sbin/nologin' > /root-fs/etc/passwd \
 && echo 'outrigger:x:65532:' > /root-fs/etc/group \
 && echo 'hosts: files dns' > /root-fs/etc/nsswitch.conf

FROM scratch AS base
COPY --from=root /root-fs /
ENV PATH=/usr/local/bin
USER 65532:65532
STOPSIGNAL SIGTERM
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="Outrigger" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM base AS operator
LABEL org.opencontainers.image.title="Outrigger operator" \
      org.opencontainers.image.description="The control plane: pushes signed backend sets to the proxies"
COPY --from=build /src/dist/operator.mjs /app/operator.mjs
EXPOSE 9801 9443
ENTRYPOINT ["node", "/app/operator.mjs"]

FROM base AS proxy
LABEL org.opencontainers.image.title="Outrigger proxy" \
      org.opencontainers.image.description="The data plane: balances, health-checks, retries and drains"
COPY --from=build /src/dist/proxy.mjs /app/proxy.mjs
EXPOSE 9900 9901
ENTRYPOINT ["node", "--max-semi-space-size=8", "--max-old-space-size=1024", "/app/proxy.mjs"]
