// SPDX-License-Identifier: CC0-1.0
pragma solidity ^0.8.24;
// Written for tests: the storage shape and the event names of a registry of apps, own code.
// Built with OpenZeppelin 5.7.0 (MIT): ERC-1967 proxy, UUPS, Ownable2Step.
import "./GovApp.sol";

contract GovKms is Ownable2StepUpgradeable, UUPSUpgradeable {
    struct Info { bytes k256Pubkey; bytes caPubkey; bytes quote; bytes eventlog; }
    Info public kmsInfo; // slots 0 to 3
    string public gatewayAppId; // slot 4
    mapping(address => bool) public registeredApps; // slot 5
    mapping(bytes32 => bool) public kmsAllowedAggregatedMrs; // slot 6
    mapping(bytes32 => bool) public kmsAllowedDeviceIds; // slot 7
    mapping(bytes32 => bool) public allowedOsImages; // slot 8
    address public appImplementation; // slot 9

    event AppRegistered(address appId);
    event KmsInfoSet(bytes k256Pubkey);
    event KmsAggregatedMrAdded(bytes32 mrAggregated);
    event KmsAggregatedMrRemoved(bytes32 mrAggregated);
    event KmsDeviceAdded(bytes32 deviceId);
    event KmsDeviceRemoved(bytes32 deviceId);
    event OsImageHashAdded(bytes32 osImageHash);
    event OsImageHashRemoved(bytes32 osImageHash);
    event GatewayAppIdSet(string gatewayAppId);
    event AppImplementationSet(address implementation);
    event AppDeployedViaFactory(address indexed appId, address indexed deployer);

    constructor() { _disableInitializers(); }

    function initialize(address o, address app) external initializer {
        __Ownable_init(o);
        appImplementation = app;
        emit AppImplementationSet(app);
    }
    function setKmsInfo(bytes calldata k, bytes calldata c, bytes calldata q, bytes calldata l) external onlyOwner {
        kmsInfo = Info(k, c, q, l);
        emit KmsInfoSet(k);
    }
    function setGatewayAppId(string calldata id) external onlyOwner { gatewayAppId = id; emit GatewayAppIdSet(id); }
    function setMr(bytes32 m, bool on) external onlyOwner {
        kmsAllowedAggregatedMrs[m] = on;
        if (on) emit KmsAggregatedMrAdded(m); else emit KmsAggregatedMrRemoved(m);
    }
    function setDevice(bytes32 d, bool on) external onlyOwner {
        kmsAllowedDeviceIds[d] = on;
        if (on) emit KmsDeviceAdded(d); else emit KmsDeviceRemoved(d);
    }
    function setOsImage(bytes32 i, bool on) external onlyOwner {
        allowedOsImages[i] = on;
        if (on) emit OsImageHashAdded(i); else emit OsImageHashRemoved(i);
    }
    // Several at once, so that a recording stays small: each app is a proxy of its own with two logs here.
    function deployApps(bytes32[] calldata composeHashes, bytes32 device) external {
        for (uint256 i = 0; i < composeHashes.length; i++) {
            bytes memory init = abi.encodeCall(GovApp.initialize, (msg.sender, false, true, false, device, composeHashes[i]));
            address app = address(new GovProxy(appImplementation, init));
            registeredApps[app] = true;
            emit AppRegistered(app);
            emit AppDeployedViaFactory(app, msg.sender);
        }
    }
    function _authorizeUpgrade(address) internal view override onlyOwner {}
}
