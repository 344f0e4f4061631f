# lostwrite in an image of its own: one static binary, nothing else.
#   docker build -t lostwrite .
#   docker run --rm -v "$PWD:/work" lostwrite check ours.yaml
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY . .
RUN cargo build --locked --profile dist --bin lostwrite

FROM scratch
COPY --from=build /source/target/dist/lostwrite /lostwrite
WORKDIR /work
ENTRYPOINT ["/lostwrite"]
