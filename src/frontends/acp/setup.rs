//! What `session/new`, `session/load` and `session/resume` are given: folders and MCP servers.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::error::invalid_params;
use super::places::Places;
use crate::engine::SessionId;
use crate::limits;
use crate::path::AbsPath;
use crate::rpc::Error;
use crate::text::clip;

/// Looks at a folder; blocks its thread as long as the disk does.
pub type LookAtFolder = Arc<dyn Fn(&AbsPath) -> FolderCheck + Send + Sync>;

/// What stands where a folder should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderCheck {
    /// A folder that can be read.
    Folder {
        /// Where its path leads when links are followed.
        real: AbsPath,
    },
    /// Nothing.
    Missing,
    /// Something else.
    NotAFolder,
    /// A folder that cannot be read; why.
    Unreadable(String),
}

/// The parameters. Clients leave out lists, or send null for them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params {
    /// Which session; not for a new one.
    pub session_id: Option<String>,
    cwd: String,
    additional_directories: Option<Vec<String>>,
    mcp_servers: Option<Vec<McpServer>>,
}

/// An MCP server, as far as it is looked at: no value of its environment is kept.
#[derive(Debug, Deserialize)]
struct McpServer {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: String,
    command: Option<String>,
    #[serde(rename = "args")]
    _args: Option<Vec<String>>,
    #[serde(rename = "env")]
    _env: Option<Vec<BTreeMap<String, Value>>>,
}

/// Parameters that hold.
#[derive(Debug)]
pub struct Setup {
    /// The session's folders as the client writes them, `cwd` first; none lies in another.
    pub places: Places,
    /// The names of the MCP servers that the client wants connected.
    pub mcp_servers: Vec<String>,
}

impl Params {
    /// The session that is meant.
    ///
    /// # Errors
    ///
    /// -32602 when it is missing.
    pub fn session(&self) -> Result<SessionId, Error> {
        let id = self.session_id.clone().ok_or_else(|| invalid_params("missing field `sessionId`"))?;
        Ok(SessionId(id))
    }

    /// Checks everything; blocks its thread as long as the disk does.
    ///
    /// # Errors
    ///
    /// -32602, with the field and what is wrong with it.
    pub fn check(&self, look: &LookAtFolder) -> Result<Setup, Error> {
        let mcp_servers =
            self.mcp_servers.iter().flatten().map(McpServer::check).collect::<Result<_, _>>()?;
        let mut places = Places::new(folder("cwd", &self.cwd, look)?);
        for written in self.additional_directories.iter().flatten() {
            places.add(folder("additionalDirectories", written, look)?);
        }
        Ok(Setup { places, mcp_servers })
    }
}

impl Setup {
    /// What the user is to know about MCP servers that are not connected; none where none was given.
    pub fn about_mcp_servers(&self) -> Option<String> {
        if self.mcp_servers.is_empty() {
            return None;
        }
        let names: Vec<String> = self.mcp_servers.iter().map(|name| format!("`{name}`")).collect();
        Some(format!(
            "Quillon does not connect to MCP servers yet; in this session these are not available: {}.",
            clip::line(&names.join(", "), limits::ACP_TITLE_CHARS_MAX)
        ))
    }
}

impl McpServer {
    fn check(&self) -> Result<String, Error> {
        let name = &self.name;
        match (self.kind.as_deref(), self.command.as_deref()) {
            (None | Some("stdio"), Some(command)) if !command.is_empty() => Ok(name.clone()),
            (None | Some("stdio"), _) => {
                Err(invalid_params(&format!("`mcpServers`: the server `{name}` has no `command`")))
            }
            (Some(kind), _) => Err(invalid_params(&format!(
                "`mcpServers`: the server `{name}` is of type `{kind}`, which was not advertised; only stdio is"
            ))),
        }
    }
}

/// The path as written, and where it leads.
fn folder(field: &str, written: &str, look: &LookAtFolder) -> Result<(AbsPath, AbsPath), Error> {
    let path = AbsPath::new(written).map_err(|error| invalid_params(&format!("`{field}`: {error}")))?;
    match look(&path) {
        FolderCheck::Folder { real } => Ok((path, real)),
        FolderCheck::Missing => Err(invalid_params(&format!("`{field}`: `{path}` does not exist"))),
        FolderCheck::NotAFolder => Err(invalid_params(&format!("`{field}`: `{path}` is not a folder"))),
        FolderCheck::Unreadable(why) => {
            Err(invalid_params(&format!("`{field}`: the folder `{path}` cannot be read: {why}")))
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn check(params: &str) -> Result<Setup, String> {
        let look: LookAtFolder = Arc::new(|path| match path.to_string().as_str() {
            "/file" => FolderCheck::NotAFolder,
            "/gone" => FolderCheck::Missing,
            "/locked" => FolderCheck::Unreadable("permission denied".into()),
            _ => FolderCheck::Folder { real: path.clone() },
        });
        let params: Params = serde_json::from_str(params).map_err(|error| error.to_string())?;
        params.check(&look).map_err(|error| error.message)
    }

    #[track_caller]
    fn refused(params: &str, words: &str) {
        let message = check(params).unwrap_err();
        assert!(message.contains(words), "{message}");
    }

    #[test]
    fn row_22_folders_are_refused_by_the_name_of_their_field() {
        refused("{}", "`cwd`");
        refused(r#"{"cwd":"w"}"#, "`cwd`: `w` is not an absolute path");
        refused(r#"{"cwd":"/file"}"#, "`cwd`: `/file` is not a folder");
        refused(r#"{"cwd":"/gone"}"#, "`cwd`: `/gone` does not exist");
        refused(r#"{"cwd":"/locked"}"#, "cannot be read: permission denied");
        refused(r#"{"cwd":"/w","mcpServers":"x"}"#, "expected a sequence");
        assert!(check(r#"{"cwd":"/w"}"#).is_ok());
        assert!(check(r#"{"cwd":"/w","mcpServers":null,"additionalDirectories":null}"#).is_ok());
    }

    #[test]
    fn row_24_stdio_servers_are_taken_others_were_not_advertised() {
        let taken = check(
            r#"{"cwd":"/w","mcpServers":[{"name":"a","command":"x"},
            {"name":"b","command":"y","args":["-v"],"env":[{"name":"K","value":"secret"}],"extra":1}]}"#,
        );
        let told = taken.unwrap().about_mcp_servers().unwrap();
        assert!(told.contains("`a`, `b`") && !told.contains("secret"), "{told}");
        refused(r#"{"cwd":"/w","mcpServers":[{"name":"a"}]}"#, "`a` has no `command`");
        refused(
            r#"{"cwd":"/w","mcpServers":[{"type":"sse","name":"a","url":"u","headers":[]}]}"#,
            "type `sse`",
        );
        refused(r#"{"cwd":"/w","mcpServers":[{"command":"x"}]}"#, "`name`");
    }

    #[test]
    fn row_33_further_folders_are_merged() {
        refused(r#"{"cwd":"/w","additionalDirectories":["x"]}"#, "`additionalDirectories`: `x` is not an");
        let setup = check(r#"{"cwd":"/w","additionalDirectories":["/v","/w","/v/inner","/v"]}"#).unwrap();
        let roots: Vec<String> = setup.places.roots().iter().map(AbsPath::to_string).collect();
        assert_eq!(roots, ["/w", "/v"]);
    }
}
