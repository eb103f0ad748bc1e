//! `Pick`: what of an image or a document is handed to a model: within bounds, and of a document the
//! pages that are wanted.

use super::media::{self, MediaKind};
use super::pdf::{self, Pages, PdfError};
use crate::limits;

/// What is handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// Its kind.
    pub kind: MediaKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it is, for people and models.
    pub about: String,
    /// The pages to go on with, where none were named and not all could be taken.
    pub next: Option<Pages>,
}

/// Why nothing is handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It is no image or document that models take; what it is.
    Other(String),
    /// It is one that no server would take.
    Refused {
        /// What it is.
        about: String,
        /// Why it is not sent, and what can be done.
        why: String,
    },
    /// The pages that are wanted cannot be had; why, and which can.
    Pages(String),
}

impl Pick {
    /// Looks at the bytes and takes what is wanted. Takes its time with a large document.
    pub fn of(bytes: Vec<u8>, pages: Option<Pages>) -> Result<Self, Unfit> {
        let Some(kind) = MediaKind::of(&bytes) else { return Err(Unfit::Other(media::describe(&bytes))) };
        match kind {
            MediaKind::Pdf => document(bytes, pages),
            MediaKind::Png | MediaKind::Jpeg | MediaKind::Gif | MediaKind::Webp => match pages {
                Some(_) => Err(Unfit::Pages("`pages` is for PDF documents, and this is an image".into())),
                None => image(kind, bytes),
            },
        }
    }
}

fn image(kind: MediaKind, bytes: Vec<u8>) -> Result<Pick, Unfit> {
    let about = media::describe(&bytes);
    let most = limits::IMAGE_PIXELS_MAX;
    let why = match media::pixels(&bytes) {
        None => Some("it is damaged: its size cannot be read".to_owned()),
        Some(_) if !media::has_its_end(&bytes) => Some("it is damaged: its end is missing".to_owned()),
        Some((width, height)) if width > most || height > most => {
            Some(format!("models take at most {most} x {most} pixels; make a smaller copy"))
        }
        Some(_) if bytes.len() > limits::IMAGE_BYTES_MAX => Some(format!(
            "it has {} bytes, and models take at most {}; make a smaller copy",
            bytes.len(),
            limits::IMAGE_BYTES_MAX
        )),
        Some(_) => None,
    };
    match why {
        Some(why) => Err(Unfit::Refused { about, why }),
        None => Ok(Pick { kind, bytes, about, next: None }),
    }
}

fn document(bytes: Vec<u8>, wanted: Option<Pages>) -> Result<Pick, Unfit> {
    let taken = pdf::take(&bytes, wanted, limits::PDF_PAGES_MAX);
    let refused = |why: String| Unfit::Refused { about: media::describe(&bytes), why };
    let taken = taken.map_err(|error| match error {
        PdfError::Damaged => refused("it is damaged: its pages cannot be found".into()),
        PdfError::Encrypted => refused("it is encrypted; save a copy without a password".into()),
        PdfError::Outside { pages } => {
            Unfit::Pages(format!("the document has {}; ask for some of these", counted(pages)))
        }
        PdfError::Many => Unfit::Pages(format!("at most {} pages can be had at once", limits::PDF_PAGES_MAX)),
    })?;
    let (Pages { first, last }, total) = (taken.pages, taken.total);
    let about = match last {
        last if first == 1 && last == total => format!("PDF document, {}", counted(total)),
        last if first == last => format!("PDF document, page {first} of {total}"),
        last => format!("PDF document, pages {first} to {last} of {total}"),
    };
    let bytes = taken.bytes.unwrap_or(bytes);
    if bytes.len() > limits::PDF_BYTES_MAX {
        let why = format!(
            "it has {} bytes, and models take at most {}; ask for fewer pages",
            bytes.len(),
            limits::PDF_BYTES_MAX
        );
        return Err(Unfit::Refused { about, why });
    }
    let next_last = total.min(last + limits::PDF_PAGES_MAX);
    let next = (wanted.is_none() && last < total).then_some(Pages { first: last + 1, last: next_last });
    Ok(Pick { kind: MediaKind::Pdf, bytes, about, next })
}

fn counted(pages: u32) -> String {
    if pages == 1 { "1 page".into() } else { format!("{pages} pages") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::pdf::testing;

    fn png(side: u32, more: usize) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(side.to_be_bytes());
        bytes.extend(side.to_be_bytes());
        bytes.resize(bytes.len() + more, 0);
        bytes.extend(b"IEND\xaeB`\x82");
        bytes
    }

    #[track_caller]
    fn told(bytes: Vec<u8>, pages: Option<&str>) -> String {
        match Pick::of(bytes, pages.map(|pages| Pages::parse(pages).unwrap())) {
            Ok(pick) => {
                let next = pick.next.map_or_else(String::new, |pages| format!("; next {pages}"));
                format!("{}: {}{next}", pick.kind.mime(), pick.about)
            }
            Err(Unfit::Other(what)) => format!("other: {what}"),
            Err(Unfit::Refused { about, why }) => format!("{about}: {why}"),
            Err(Unfit::Pages(why)) => why,
        }
    }

    #[test]
    fn images_within_bounds() {
        assert_eq!(told(png(8_000, 0), None), "image/png: PNG image, 8000 x 8000 pixels");
        assert_eq!(
            told(png(8_001, 0), None),
            "PNG image, 8001 x 8001 pixels: models take at most 8000 x 8000 pixels; make a smaller copy"
        );
        assert_eq!(
            told(png(9, 4_000_000), None),
            "PNG image, 9 x 9 pixels: it has 4000032 bytes, and models take at most 3932160; make a smaller copy"
        );
        assert_eq!(
            told(png(9, 0)[..24].to_vec(), None),
            "PNG image, 9 x 9 pixels: it is damaged: its end is missing"
        );
        assert_eq!(
            told(b"\xff\xd8\xff\xe0".to_vec(), None),
            "JPEG image: it is damaged: its size cannot be read"
        );
        assert_eq!(told(png(9, 0), Some("1")), "`pages` is for PDF documents, and this is an image");
        assert_eq!(told(b"\x7fELF".to_vec(), None), "other: program or library");
    }

    #[test]
    fn ends_of_the_other_kinds() {
        let gif = |end: &[u8]| [b"GIF89a\x01\0\x01\0", end].concat();
        assert_eq!(told(gif(b";\0"), None), "image/gif: GIF image, 1 x 1 pixels");
        assert!(told(gif(b"x"), None).contains("its end is missing"));
        let jpeg = |end: &[u8]| [b"\xff\xd8\xff\xc0\0\x11\x08\0\x01\0\x01", end].concat();
        assert_eq!(told(jpeg(b"\xff\xd9"), None), "image/jpeg: JPEG image, 1 x 1 pixels");
        assert!(told(jpeg(b""), None).contains("its end is missing"));
        let webp = |len: u8| [b"RIFF", &[len, 0, 0, 0][..], b"WEBPVP8X....\0\0\0\0\0\0\0\0\0\0"].concat();
        assert_eq!(told(webp(22), None), "image/webp: WebP image, 1 x 1 pixels");
        assert!(told(webp(23), None).contains("its end is missing"));
    }

    #[test]
    fn documents_and_their_pages() {
        assert_eq!(told(testing::document(3), None), "application/pdf: PDF document, 3 pages");
        assert_eq!(told(testing::document(3), Some("2")), "application/pdf: PDF document, page 2 of 3");
        assert_eq!(
            told(testing::document(30), None),
            "application/pdf: PDF document, pages 1 to 20 of 30; next 21-30"
        );
        assert_eq!(
            told(testing::document(30), Some("21-40")),
            "application/pdf: PDF document, pages 21 to 30 of 30"
        );
        assert_eq!(told(testing::document(1), Some("2")), "the document has 1 page; ask for some of these");
        assert_eq!(told(testing::document(30), Some("1-21")), "at most 20 pages can be had at once");
        let mut locked = testing::document(1);
        locked.extend(b"trailer <</Encrypt 9 0 R>>");
        assert!(told(locked, None).contains("it is encrypted"));
        assert_eq!(
            told(b"%PDF-1.4\nnothing more".to_vec(), None),
            "PDF document: it is damaged: its pages cannot be found"
        );
    }
}
