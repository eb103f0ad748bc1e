//! Some pages of a PDF document as a document of their own.
//!
//! A document may come from anywhere, so taking it apart has bounds: of what one packed part unpacks
//! to, and of all parts together.

use std::cell::Cell;

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};

use crate::limits;

/// Pages of a document, counted from 1, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages {
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Pages {
    /// `3`, or `2-5`; the error says what can be asked for.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = |word: &str| word.trim().parse::<u32>().ok().filter(|number| *number > 0);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            (Some(_) | None, Some(_) | None) => {
                Err(format!("`pages` is one page, as \"3\", or a range, as \"2-5\", not \"{text}\""))
            }
        }
    }
}

impl std::fmt::Display for Pages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { first, last } = self;
        if first == last { write!(formatter, "{first}") } else { write!(formatter, "{first}-{last}") }
    }
}

/// The pages that were taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// The document of these pages; none where they are all pages, so that it is the one that was given.
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) pages: Pages,
    /// How many pages the document has.
    pub(super) total: u32,
}

/// Why no page can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PdfError {
    /// It has no pages that can be found, or more parts than a sound one has.
    Damaged,
    /// It needs a password, if only an empty one.
    Encrypted,
    /// It has only so many pages.
    Outside { pages: u32 },
    /// So many pages are not taken at once.
    Many,
}

/// Takes the wanted pages out of a document; the first `most` where none are named.
pub(super) fn take(bytes: &[u8], wanted: Option<Pages>, most: u32) -> Result<Taken, PdfError> {
    if memchr::memmem::find(bytes, b"/Encrypt").is_some() {
        return Err(PdfError::Encrypted);
    }
    // The parser is used as it is; a fault in it must not end more than this call.
    let taken = std::panic::catch_unwind(|| take_out(bytes, wanted, most));
    taken.unwrap_or(Err(PdfError::Damaged))
}

fn take_out(bytes: &[u8], wanted: Option<Pages>, most: u32) -> Result<Taken, PdfError> {
    let mut document = load(bytes, limits::PDF_PARTS_MAX)?;
    let all: Vec<ObjectId> = document.get_pages().into_values().collect();
    let total = u32::try_from(all.len()).map_err(|_| PdfError::Damaged)?;
    if total == 0 {
        return Err(PdfError::Damaged);
    }
    let pages = match wanted {
        None => Pages { first: 1, last: total.min(most) },
        Some(wanted) if wanted.first > total => return Err(PdfError::Outside { pages: total }),
        Some(wanted) => Pages { first: wanted.first, last: wanted.last.min(total) },
    };
    if pages.last - pages.first >= most {
        return Err(PdfError::Many);
    }
    if pages == (Pages { first: 1, last: total }) {
        return Ok(Taken { bytes: None, pages, total });
    }
    let (first, last) = (pages.first as usize - 1, pages.last as usize);
    keep_only(&mut document, &all, first..last).map_err(|_| PdfError::Damaged)?;
    let mut written = Vec::new();
    document.save_to(&mut written).map_err(|_| PdfError::Damaged)?;
    Ok(Taken { bytes: Some(written), pages, total })
}

thread_local! {
    /// What the document that is being read may still have of parts.
    static PARTS_LEFT: Cell<usize> = const { Cell::new(0) };
}

fn load(bytes: &[u8], parts_max: usize) -> Result<Document, PdfError> {
    PARTS_LEFT.set(parts_max);
    let filter = |id, object: &mut Object| {
        let left = PARTS_LEFT.get().checked_sub(parts(object));
        PARTS_LEFT.set(left.unwrap_or(0));
        // What is given counts for packed objects, and a stream is none.
        left.map(|_| (id, if object.as_stream().is_ok() { Object::Null } else { object.clone() }))
    };
    let options = LoadOptions {
        max_decompressed_size: Some(limits::PDF_UNPACKED_BYTES_MAX),
        filter: Some(filter),
        ..LoadOptions::default()
    };
    let document = Document::load_mem_with_options(bytes, options).map_err(|_| PdfError::Damaged)?;
    if PARTS_LEFT.get() == 0 { Err(PdfError::Damaged) } else { Ok(document) }
}

/// An object and what is in it. It is not deeper than the parser goes.
fn parts(object: &Object) -> usize {
    let of_fields = |fields: &Dictionary| fields.iter().map(|(_, field)| parts(field)).sum::<usize>();
    match object {
        Object::Array(items) => 1 + items.iter().map(parts).sum::<usize>(),
        Object::Dictionary(fields) => 1 + of_fields(fields),
        Object::Stream(stream) => 1 + of_fields(&stream.dict),
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Reference(_) => 1,
    }
}

/// What a page has from the folders of pages above it, where it does not say it itself.
const INHERITED: [&[u8]; 4] = [b"Resources", b"MediaBox", b"CropBox", b"Rotate"];

/// What of the catalog leads to pages that are not there any more, and is of no use to a reader of these.
const LEADS_ELSEWHERE: [&[u8]; 6] =
    [b"Outlines", b"Names", b"Dests", b"OpenAction", b"StructTreeRoot", b"PageLabels"];

/// Makes these pages the only ones, and drops what only others used.
fn keep_only(
    document: &mut Document,
    all: &[ObjectId],
    kept: std::ops::Range<usize>,
) -> Result<(), lopdf::Error> {
    let chosen = &all[kept];
    for id in chosen {
        let inherited = inherited(document, *id);
        let page = document.get_dictionary_mut(*id)?;
        for (key, value) in inherited {
            page.set(key, value);
        }
    }
    for id in all.iter().filter(|id| !chosen.contains(id)) {
        document.objects.remove(id);
    }
    let kids = chosen.iter().copied().map(Object::Reference).collect::<Vec<_>>();
    let count = i64::try_from(chosen.len()).unwrap_or(i64::MAX);
    let fields = [("Type", "Pages".into()), ("Kids", Object::Array(kids)), ("Count", count.into())];
    let root = document.add_object(Dictionary::from_iter(fields));
    for id in chosen {
        document.get_dictionary_mut(*id)?.set("Parent", root);
    }
    let catalog = document.catalog_mut()?;
    for key in LEADS_ELSEWHERE {
        catalog.remove(key);
    }
    catalog.set("Pages", root);
    document.prune_objects();
    Ok(())
}

/// What the folders above say for a page that does not say it, the nearest one first.
fn inherited(document: &Document, page: ObjectId) -> Vec<(&'static [u8], Object)> {
    let mut found: Vec<(&'static [u8], Object)> = Vec::new();
    let Ok(page) = document.get_dictionary(page) else { return found };
    let mut above = page;
    for _ in 0..limits::WALK_DEPTH_MAX {
        let parent = above.get(b"Parent").and_then(Object::as_reference);
        let Ok(parent) = parent.and_then(|parent| document.get_dictionary(parent)) else { break };
        for key in INHERITED {
            let known = page.has(key) || found.iter().any(|(other, _)| *other == key);
            if let (false, Ok(value)) = (known, parent.get(key)) {
                found.push((key, value.clone()));
            }
        }
        above = parent;
    }
    found
}

#[cfg(test)]
pub(super) mod testing {
    /// A document of so many pages; each has its number as its text, and all have one size from above.
    pub(in crate::workspace) fn document(pages: usize) -> Vec<u8> {
        let mut text =
            "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R/Outlines 9999 0 R>> endobj\n".to_owned();
        let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", 3 + 2 * page)).collect();
        text.push_str(&format!(
            "2 0 obj <</Type/Pages/Count {pages}/MediaBox[0 0 200 100]/Kids[{}]>> endobj\n",
            kids.join(" ")
        ));
        for page in 0..pages {
            let (id, content) = (3 + 2 * page, format!("(page {}) Tj", page + 1));
            text.push_str(&format!(
                "{id} 0 obj <</Type/Page/Parent 2 0 R/Contents {} 0 R>> endobj\n",
                id + 1
            ));
            text.push_str(&format!(
                "{} 0 obj <</Length {}>>stream\n{content}\nendstream endobj\n",
                id + 1,
                content.len()
            ));
        }
        text.push_str("trailer <</Root 1 0 R/Size 9>>\n%%EOF\n");
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::document;
    use super::*;

    fn pages(text: &str) -> Option<Pages> {
        Some(Pages::parse(text).unwrap())
    }

    #[test]
    fn ranges() {
        assert_eq!(Pages::parse("3"), Ok(Pages { first: 3, last: 3 }));
        assert_eq!(Pages::parse(" 2 - 5 "), Ok(Pages { first: 2, last: 5 }));
        assert_eq!(["3", "2-5"].map(|text| Pages::parse(text).unwrap().to_string()), ["3", "2-5"]);
        for wrong in ["", "0", "5-2", "2-", "-", "a", "1,3", "4294967296"] {
            assert!(Pages::parse(wrong).unwrap_err().contains("as \"2-5\""), "{wrong}");
        }
    }

    #[test]
    fn the_pages_are_a_document_of_their_own() {
        let taken = take(&document(9), pages("3-4"), 20).unwrap();
        assert_eq!((taken.pages, taken.total), (Pages { first: 3, last: 4 }, 9));
        let bytes = taken.bytes.unwrap();
        assert_eq!(take(&document(9), pages("3-4"), 20).unwrap().bytes.unwrap(), bytes, "the same again");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(text.contains("(page 3)") && text.contains("(page 4)"), "{text}");
        assert!(!text.contains("(page 2)") && !text.contains("(page 5)"), "{text}");
        assert_eq!(text.matches("MediaBox").count(), 2, "what stood above stands in each page: {text}");
        let again = take(&bytes, None, 20).unwrap();
        assert_eq!((again.total, again.bytes), (2, None));
    }

    #[test]
    fn of_a_long_document_the_first_pages_and_all_of_a_short_one() {
        let taken = take(&document(9), None, 4).unwrap();
        assert_eq!((taken.pages, taken.total), (Pages { first: 1, last: 4 }, 9));
        assert!(take(&document(9), None, 9).unwrap().bytes.is_none());
        assert!(take(&document(1), pages("1"), 9).unwrap().bytes.is_none());
        assert_eq!(take(&document(9), pages("1-5"), 4).unwrap_err(), PdfError::Many);
        assert_eq!(take(&document(9), pages("10"), 4).unwrap_err(), PdfError::Outside { pages: 9 });
    }

    #[test]
    fn every_beginning_of_a_document_is_taken_or_damaged() {
        let whole = document(3);
        for end in 0..whole.len() {
            match take(&whole[..end], pages("1"), 9) {
                Ok(taken) => assert!(taken.total >= 1),
                Err(error) => assert!(matches!(error, PdfError::Damaged), "{error:?}"),
            }
        }
    }

    #[test]
    fn what_unpacks_to_too_much_is_damaged() {
        let with_packed = |len: usize| {
            let content = [&b"99 0 1"[..], &vec![b' '; len]].concat();
            let mut packed = lopdf::Stream::new(Dictionary::new(), content);
            packed.compress().unwrap();
            let head = "98 0 obj <</Type/ObjStm/N 1/First 5/Filter/FlateDecode/Length";
            let mut bytes = document(1);
            bytes.extend(format!("{head} {}>>stream\n", packed.content.len()).bytes());
            bytes.extend(&packed.content);
            bytes.extend(b"\nendstream endobj\ntrailer <</Root 1 0 R/Size 99>>\n%%EOF\n");
            assert!(bytes.len() < 100_000);
            take(&bytes, None, 9).map(|taken| taken.total)
        };
        assert_eq!(with_packed(1_000), Ok(1));
        assert_eq!(with_packed(limits::PDF_UNPACKED_BYTES_MAX), Err(PdfError::Damaged));
    }

    #[test]
    fn loops_and_floods_are_damaged() {
        let of = |objects: &str| format!("%PDF-1.4\n{objects}\ntrailer <</Root 1 0 R/Size 9>>\n%%EOF\n");
        let round = of("1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n\
                        2 0 obj <</Type/Pages/Kids[2 0 R]/Parent 2 0 R>> endobj");
        assert_eq!(take(round.as_bytes(), None, 9).unwrap_err(), PdfError::Damaged);
        let deep = of(&format!("1 0 obj {}{} endobj", "[".repeat(100_000), "]".repeat(100_000)));
        assert_eq!(take(deep.as_bytes(), None, 9).unwrap_err(), PdfError::Damaged);
        assert!(load(&document(9), 200).is_ok());
        assert_eq!(load(&document(99), 200).unwrap_err(), PdfError::Damaged);
    }
}
