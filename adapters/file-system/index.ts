/** The file system as a store: large data in a directory, also a shared one. No package is needed. */
export { fileBlobs } from "./file-blobs.js";
