# The image to build with; any that has Go and CA certificates will do.
ARG BUILD_IMAGE=golang:1.26
FROM ${BUILD_IMAGE} AS build
WORKDIR /src
ENV CGO_ENABLED=0
# Modules change less often than the code: a layer of their own.
COPY go.mod go.sum ./
RUN ["go", "mod", "download"]
COPY . .
RUN ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", "/parley", "."]

FROM scratch
# For rediss:// and AUTH_JWKS_URL.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /parley /parley
# A number, since there is no /etc/passwd: "nonroot" by custom.
USER 65532:65532
ENV LISTEN_ADDR=:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/parley", "healthcheck"]
ENTRYPOINT ["/parley"]
