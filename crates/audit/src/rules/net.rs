//! NET: how users reach the application.

mod dp_net_001;
mod dp_net_002;
mod dp_net_003;

table! {
    dp_net_001 dp_net_002 dp_net_003
}
