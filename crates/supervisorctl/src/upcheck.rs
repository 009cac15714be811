//! Is there a server that understands us? Asked first by most commands (contract/ctl.md §2.1).

use supervisor_core::FaultCode;

use crate::controller::Controller;
use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::result_code::ResultCode::Known;
use crate::world::{CallError, ConnectError};

/// The version of the API that the commands are written for.
const API_VERSION: &str = "3.0";

/// The deprecated name, which servers of every age know.
const METHOD: &str = "supervisor.getVersion";

/// `false` after a line that says why not; other troubles than the four usual ones are a failure.
pub(crate) fn upcheck(controller: &mut Controller) -> Result<bool, Failure> {
    let url = controller.world.url().to_owned();
    let (words, status) = match controller.try_call::<String>(METHOD, &[]) {
        Ok(version) if version == API_VERSION => return Ok(true),
        Ok(version) => (wrong_version(&version), ExitStatus::ApiMismatch),
        Err(CallError::Fault { code: Known(FaultCode::UnknownMethod), .. }) => {
            (NAMESPACE_MISSING.to_owned(), ExitStatus::NamespaceMissing)
        }
        Err(CallError::Connect(ConnectError::Refused)) => {
            (format!("{url} refused connection"), ExitStatus::ConnectionRefused)
        }
        Err(CallError::Connect(ConnectError::NoSuchFile)) => (format!("{url} no such file"), ExitStatus::NotRunning),
        Err(error) => return Err(Failure::Call { method: METHOD, error }),
    };
    controller.output.line(&words);
    controller.fail(status);
    Ok(false)
}

fn wrong_version(version: &str) -> String {
    format!(
        "Sorry, this version of supervisorctl expects to talk to a server with API version {API_VERSION}, \
         but the remote version is {version}."
    )
}

const NAMESPACE_MISSING: &str = "Sorry, supervisord responded but did not recognize the supervisor namespace commands \
    that supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is enabled in the \
    configuration file (see sample.conf).";
