//! `session/list`: pages of sessions, the one active last first.

use agent_client_protocol_schema::v1 as acp;

use super::error::invalid_params;
use crate::engine::Activity;
use crate::engine::journal::SessionInfo;
use crate::limits;
use crate::path::AbsPath;
use crate::rpc::Error;

/// Marks our cursors.
const CURSOR: &str = "after:";

/// The page that is asked for.
///
/// # Errors
///
/// -32602 for a cursor that is not one of ours, and for a folder that is not absolute.
pub fn page(
    all: Vec<(SessionInfo, Activity)>,
    request: &acp::ListSessionsRequest,
) -> Result<acp::ListSessionsResponse, Error> {
    let cwd = match &request.cwd {
        Some(cwd) => Some(AbsPath::new(cwd).map_err(|error| invalid_params(&format!("`cwd`: {error}")))?),
        None => None,
    };
    let after = request.cursor.as_deref().map(Place::read).transpose()?;
    let mut infos: Vec<SessionInfo> = all.into_iter().map(|(info, _)| info).collect();
    infos.retain(|info| cwd.as_ref().is_none_or(|cwd| info.cwd == *cwd));
    infos.sort_by(|left, right| Place::of(right).cmp(&Place::of(left)));
    let mut rest = infos.iter().filter(|info| after.as_ref().is_none_or(|after| Place::of(info) < *after));
    let page: Vec<&SessionInfo> = rest.by_ref().take(limits::ACP_LIST_PAGE_MAX).collect();
    let next = rest.next().and(page.last()).map(|last| Place::of(last).cursor());
    Ok(acp::ListSessionsResponse::new(page.into_iter().map(shown).collect()).next_cursor(next))
}

/// A session's place in the list: what is newer or has the greater id comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    updated: &'a str,
    id: &'a str,
}

impl<'a> Place<'a> {
    fn of(info: &'a SessionInfo) -> Self {
        Self { updated: &info.updated, id: &info.id.0 }
    }

    fn cursor(&self) -> String {
        format!("{CURSOR}{}/{}", self.updated, self.id)
    }

    fn read(cursor: &'a str) -> Result<Self, Error> {
        let place = cursor.strip_prefix(CURSOR).and_then(|place| place.split_once('/'));
        let (updated, id) =
            place.ok_or_else(|| invalid_params("`cursor` is not one that session/list has given"))?;
        Ok(Self { updated, id })
    }
}

fn shown(info: &SessionInfo) -> acp::SessionInfo {
    let title = if info.title.is_empty() { "New session" } else { info.title.as_str() };
    acp::SessionInfo::new(info.id.0.clone(), info.cwd.as_path())
        .title(title.to_owned())
        .updated_at(info.updated.clone())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::engine::SessionId;

    fn sessions(count: usize) -> Vec<(SessionInfo, Activity)> {
        let info = |number: usize| SessionInfo {
            id: SessionId(format!("s{number:05}")),
            title: String::new(),
            cwd: AbsPath::new(if number.is_multiple_of(2) { "/even" } else { "/ö d/d" }).unwrap(),
            created: String::new(),
            updated: format!("2026-01-01T00:00:{:02}Z", number / 10 % 60),
            turns: 0,
            facts: 1,
        };
        (0..count).map(|number| (info(number), Activity::Idle)).collect()
    }

    fn all_pages(count: usize, request: &acp::ListSessionsRequest) -> Vec<String> {
        let (mut ids, mut request) = (Vec::new(), request.clone());
        loop {
            let page = page(sessions(count), &request).unwrap();
            assert!(page.sessions.len() <= limits::ACP_LIST_PAGE_MAX);
            ids.extend(page.sessions.iter().map(|info| info.session_id.0.to_string()));
            match page.next_cursor {
                Some(cursor) => request.cursor = Some(cursor),
                None => return ids,
            }
        }
    }

    #[test]
    fn row_70_pages_hold_each_session_once() {
        let ids = all_pages(2_500, &acp::ListSessionsRequest::new());
        let mut unique = ids.clone();
        unique.sort();
        unique.dedup();
        assert_eq!((ids.len(), unique.len()), (2_500, 2_500));
        assert_eq!(page(Vec::new(), &acp::ListSessionsRequest::new()).unwrap().sessions, []);
    }

    #[test]
    fn row_70_a_folder_chooses_a_bad_one_is_refused() {
        let of = |cwd: &str| acp::ListSessionsRequest::new().cwd(std::path::PathBuf::from(cwd));
        assert_eq!(all_pages(300, &of("/ö d/d")).len(), 150);
        assert_eq!(all_pages(300, &of("/none")).len(), 0);
        assert!(page(sessions(1), &of("even")).unwrap_err().message.contains("`cwd`"));
    }

    #[test]
    fn row_70_a_foreign_cursor_is_refused() {
        for cursor in ["", "x", "after:", "2", "after"] {
            let request = acp::ListSessionsRequest::new().cursor(cursor.to_owned());
            let error = page(sessions(1), &request).unwrap_err();
            assert_eq!(error.code, crate::rpc::INVALID_PARAMS, "{cursor}");
        }
    }
}
