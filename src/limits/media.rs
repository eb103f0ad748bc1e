//! The bounds of images and documents.

/// Bytes of an image that is sent: in base64 5 MiB, the most that the strictest servers take.
pub const IMAGE_BYTES_MAX: usize = 3_932_160;

/// Width and height of an image that is sent: servers refuse larger ones, whatever bytes they have.
pub const IMAGE_PIXELS_MAX: u32 = 8_000;

/// Bytes of a document that is sent: in base64 it leaves room in the 32 MB that the strictest servers take
/// of a request.
pub const PDF_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Pages of a document that are sent at once: each costs a model some 2,000 tokens.
pub const PDF_PAGES_MAX: u32 = 20;

/// Bytes of one packed part of a document, unpacked: what writers pack together has some 100 KB, and a
/// forged part that unpacks to any size must not take the memory.
pub const PDF_UNPACKED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Objects and their parts of a document that is taken apart: far above a manual of some thousand pages; each
/// takes some 70 bytes.
pub const PDF_PARTS_MAX: usize = 5_000_000;

/// Bytes of all images and documents in one request; in base64 it stays below the 32 MB that the strictest
/// servers take. Beyond it the oldest are described.
pub const MEDIA_PER_REQUEST_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Images and documents in one request: with more of them some servers take small images only.
pub const MEDIA_PER_REQUEST_MAX: usize = 20;

/// Bytes of an image or a document that is handed over with a prompt, before pages are taken out of it: what
/// is held of a file, too.
pub const MEDIA_GIVEN_BYTES_MAX: u64 = super::TEXT_BYTES_MAX;

/// Characters of the name under which an image or a document goes to a model.
pub const MEDIA_NAME_CHARS_MAX: usize = 200;
