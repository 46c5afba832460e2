//! Content-addressed blobs: sources, inputs and answers by their SHA-256.
