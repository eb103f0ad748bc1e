//! A session's mode and model as ACP shows them twice: as modes, and as options; both from one state.

use agent_client_protocol_schema::v1 as acp;

use super::error;
use super::v1;
use crate::engine::{Command, Host, Mode, ModelName, Session, Setting};
use crate::rpc::Error;

/// All options with their present values.
pub fn options(host: &Host, session: &Session) -> Vec<acp::SessionConfigOption> {
    let (mode, model) = session.state(|state| (state.mode(), state.model().cloned()));
    v1::options(mode, model.as_ref(), &host.models().offered())
}

/// The modes with the one in force.
pub fn modes(session: &Session) -> acp::SessionModeState {
    v1::modes(session.state(|state| state.mode()))
}

/// Sets the mode of that id.
///
/// # Errors
///
/// -32602 for an id that is not offered; as a session refuses otherwise.
pub async fn set_mode(session: &Session, id: &str) -> Result<Mode, Error> {
    let mode = v1::mode(id)?;
    if session.state(|state| state.mode()) != mode {
        configure(session, Setting::Mode(mode)).await?;
    }
    Ok(mode)
}

/// Sets the model of that name.
///
/// # Errors
///
/// -32602 for a name that is not offered; as a session refuses otherwise.
pub async fn set_model(host: &Host, session: &Session, name: &str) -> Result<(), Error> {
    let current = session.state(|state| state.model().cloned());
    if current.is_some_and(|current| current.0 == name) {
        return Ok(());
    }
    let offered = host.models().offered();
    if !offered.iter().any(|(model, _)| model.0 == name) {
        let names: Vec<&str> = offered.iter().map(|(model, _)| model.0.as_str()).collect();
        let there_are = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(error::invalid_params(&format!("there is no model `{name}`; there are: {there_are}")));
    }
    configure(session, Setting::Model(ModelName(name.to_owned()))).await
}

/// Sets an option.
///
/// # Errors
///
/// -32602 for an option or a value that is not offered; as a session refuses otherwise.
pub async fn set_option(
    host: &Host,
    session: &Session,
    option: &str,
    value: &acp::SessionConfigOptionValue,
) -> Result<(), Error> {
    let Some(value) = value.as_value_id() else {
        return Err(error::invalid_params(&format!(
            "the option `{option}` takes one of its values, no boolean"
        )));
    };
    match option {
        v1::MODE_OPTION => set_mode(session, &value.0).await.map(|_| ()),
        v1::MODEL_OPTION => set_model(host, session, &value.0).await,
        other => Err(error::invalid_params(&format!(
            "there is no option `{other}`; there are: {}, {}",
            v1::MODE_OPTION,
            v1::MODEL_OPTION
        ))),
    }
}

/// Sends a setting to the session; one that another process holds cannot be set here.
async fn configure(session: &Session, setting: Setting) -> Result<(), Error> {
    let sent = session.send(Command::Configure { setting }).await;
    sent.map(|_| ()).map_err(|refused| error::from_refused(&session.id, &refused))
}
