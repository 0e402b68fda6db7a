// Everything the app needs, in one resource group. main.bicep deploys it for azd; it can also be deployed alone:
//   az deployment group create -g GROUP -f infra/resources.bicep -p environmentName=hunter ...
targetScope = 'resourceGroup'

@description('Name of the environment; part of the resources\' names and tags.')
@minLength(1)
@maxLength(40)
param environmentName string = 'hunter'

@description('Azure region; one where Flex Consumption runs.')
param location string = resourceGroup().location

@description('Feature flag of the sync. Off: the page is there, nothing is fetched.')
param partnerCenterEnabled bool = false

@description('Entra tenant of the application that reads Partner Center.')
param partnerCenterTenantId string = ''

@description('Client id of the application that reads Partner Center.')
param partnerCenterClientId string = ''

@description('true: that application has a client secret (in Key Vault). false: public client, sign-in by device code.')
param partnerCenterUsesClientSecret bool = false

@description('The client secret, when it is new or changed. Empty leaves the one in Key Vault alone.')
@secure()
param partnerCenterClientSecret string = ''

@description('Fernet key of the token cache, when it is new or changed. Empty leaves the one in Key Vault alone.')
@secure()
param tokenCacheKey string = ''

@description('When the timer syncs: NCRONTAB, six fields, UTC.')
param syncSchedule string = '0 */10 * * * *'

@description('The partner\'s own domains, comma separated.')
param partnerDomains string = ''

@description('Ask Entra which tenant a company\'s domain belongs to.')
param tenantLookupEnabled bool = true

@minValue(0)
@description('Blank the contacts of referrals closed for that many months; 0 keeps them.')
param retentionMonths int = 0

@description('Whether people may act on referrals from the page.')
param writeEnabled bool = false

@description('Where links in messages lead, behind a custom domain or Front Door; empty: the function app itself.')
param publicUrl string = ''

@description('How mail is sent: none, graph or acs.')
@allowed([
  'none'
  'graph'
  'acs'
])
param mailVia string = 'none'

@description('The sender\'s address.')
param mailFrom string = ''

@description('Endpoint of Communication Services, or Graph\'s when it is not the public one.')
param mailEndpoint string = ''

@description('With acs and no endpoint, Communication Services is made here: where it keeps data, such as Europe. It can\'t be changed later.')
param mailDataLocation string = 'Europe'

@description('Whether events of Partner Center are taken in.')
param webhookEnabled bool = false

@description('Whether referrals and Dynamics 365 are kept in step.')
param dynamicsEnabled bool = false

@description('The Dynamics 365 environment\'s address.')
param dynamicsUrl string = ''

@description('Entra tenant of the environment; empty: that of Partner Center.')
param dynamicsTenantId string = ''

@description('Application that speaks to Dynamics 365; empty: the managed identity.')
param dynamicsClientId string = ''

@description('true: that application has a client secret (dynamics-client-secret in Key Vault).')
param dynamicsUsesClientSecret bool = false

@description('true: another application makes columns and keys (dynamics-setup-secret in Key Vault).')
param dynamicsUsesSetupSecret bool = false

@description('Which referrals go to the CRM by themselves: manual, accepted or all.')
@allowed([
  'manual'
  'accepted'
  'all'
])
param dynamicsPush string = 'accepted'

@description('Id of the model-driven app in which links open records.')
param dynamicsAppId string = ''

@description('Rarely changed HUNTER_ settings, by name; they win over what the template sets.')
param settingOverrides object = {}

@description('true: create the app registration that people sign in to the page with. false: authClientId names an existing one.')
param createAppRegistration bool = true

@description('Client id of an existing app registration for the page.')
param authClientId string = ''

@description('Object ids of users or groups that get Referrals.Operate, comma separated.')
param operatorIds string = ''

@description('Object ids of users or groups that get Referrals.Write, comma separated.')
param writerIds string = ''

@description('Object ids of users or groups that get Referrals.Read, comma separated.')
param readerIds string = ''

@description('Where alerts are sent: e-mail addresses, comma separated.')
param alertEmails string = ''

@allowed([
  'PT30M'
  'PT1H'
  'PT2H'
  'PT6H'
  'P1D'
  'P2D'
])
@description('How long no sync may succeed before an alert, as an ISO 8601 duration.')
param noSuccessWindow string = 'PT1H'

@description('Where the folder docs of this repository can be read, for links in alerts, such as https://github.com/contoso/hunter/blob/main/docs; empty: none.')
param documentationUrl string = ''

@minValue(1)
@description('Most that Log Analytics takes in a day, in GB.')
param dailyQuotaGb int = 1

@minValue(0)
@description('Monthly budget in the subscription\'s currency; 0: none.')
param monthlyBudget int = 0

@description('true: storage and Key Vault can be reached from a virtual network alone.')
param virtualNetworkEnabled bool = false

@minValue(0)
@description('HTTP instances that are always ready (no cold start, but a monthly price); 0: none.')
param alwaysReadyHttpInstances int = 0

@description('First month of the budget, as 2026-11-01; none: this month. It can\'t be changed later.')
param budgetStartDate string = ''

@description('This month; not to be given.')
param currentMonth string = utcNow('yyyy-MM')

var token = uniqueString(subscription().id, resourceGroup().id, environmentName)
var functionAppName = 'func-hunter-${token}'
var hostStorageName = 'sthost${token}'
var dataStorageName = 'stdata${token}'
var keyVaultName = 'kv-hunter-${token}'
var communicationName = 'acs-hunter-${token}'
var makesMail = mailVia == 'acs' && empty(mailEndpoint)
var deploymentContainerName = 'app-package'
var pageUrl = 'https://${functionAppName}.azurewebsites.net'
var reachedAt = empty(publicUrl) ? pageUrl : publicUrl
var tags = {
  'azd-env-name': environmentName
}

// One identity for all the app reaches. It is created before the app, so that its roles are there when the app starts.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-hunter-${token}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'hunter-monitoring'
  params: {
    location: location
    tags: tags
    workspaceName: 'log-hunter-${token}'
    applicationInsightsName: 'appi-hunter-${token}'
    dailyQuotaGb: dailyQuotaGb
  }
}

// Two accounts: the host needs wide rights on its blobs, and they end where the referrals begin.
module hostStorage 'modules/storage.bicep' = {
  name: 'hunter-host-storage'
  params: {
    location: location
    tags: tags
    name: hostStorageName
    containerName: deploymentContainerName
    publicNetworkAccess: virtualNetworkEnabled ? 'Disabled' : 'Enabled'
    workspaceId: monitoring.outputs.workspaceId
  }
}

module dataStorage 'modules/storage.bicep' = {
  name: 'hunter-data-storage'
  params: {
    location: location
    tags: tags
    name: dataStorageName
    containerName: ''
    publicNetworkAccess: virtualNetworkEnabled ? 'Disabled' : 'Enabled'
    workspaceId: monitoring.outputs.workspaceId
  }
}

module keyVault 'modules/keyvault.bicep' = {
  name: 'hunter-key-vault'
  params: {
    location: location
    tags: tags
    name: keyVaultName
    tokenCacheKey: tokenCacheKey
    clientSecret: partnerCenterClientSecret
    publicNetworkAccess: virtualNetworkEnabled ? 'Disabled' : 'Enabled'
    workspaceId: monitoring.outputs.workspaceId
  }
}

module communication 'modules/communication.bicep' = if (makesMail) {
  name: 'hunter-communication'
  params: {
    tags: tags
    name: communicationName
    dataLocation: mailDataLocation
  }
}

module rbac 'modules/rbac.bicep' = {
  name: 'hunter-rbac'
  params: {
    principalId: identity.properties.principalId
    hostStorageName: hostStorageName
    dataStorageName: dataStorageName
    keyVaultName: keyVaultName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    communicationName: makesMail ? communicationName : ''
  }
  dependsOn: [
    hostStorage
    dataStorage
    keyVault
    communication
  ]
}

module network 'modules/network.bicep' = if (virtualNetworkEnabled) {
  name: 'hunter-network'
  params: {
    location: location
    tags: tags
    name: 'vnet-hunter-${token}'
    hostStorageName: hostStorageName
    dataStorageName: dataStorageName
    keyVaultName: keyVaultName
  }
  dependsOn: [
    hostStorage
    dataStorage
    keyVault
  ]
}

// Needs rights in Microsoft Graph; without them set createAppRegistration to false and give authClientId.
module entra 'modules/entra.bicep' = if (createAppRegistration) {
  name: 'hunter-entra'
  params: {
    uniqueName: functionAppName
    displayName: 'Hunter Partner Center Sync (${environmentName})'
    pageUrl: pageUrl
    publicUrl: publicUrl
    identityPrincipalId: identity.properties.principalId
    operatorIds: operatorIds
    writerIds: writerIds
    readerIds: readerIds
  }
}

module functionApp 'modules/functionapp.bicep' = {
  name: 'hunter-function-app'
  params: {
    location: location
    tags: tags
    name: functionAppName
    planName: 'plan-hunter-${token}'
    identityId: identity.id
    identityClientId: identity.properties.clientId
    hostStorageName: hostStorageName
    deploymentContainerName: deploymentContainerName
    tableServiceUri: dataStorage.outputs.tableServiceUri
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    keyVaultUri: keyVault.outputs.vaultUri
    authClientId: createAppRegistration ? entra!.outputs.clientId : authClientId
    partnerCenterEnabled: partnerCenterEnabled
    partnerCenterTenantId: partnerCenterTenantId
    partnerCenterClientId: partnerCenterClientId
    partnerCenterUsesClientSecret: partnerCenterUsesClientSecret
    syncSchedule: syncSchedule
    partnerDomains: partnerDomains
    tenantLookupEnabled: tenantLookupEnabled
    retentionMonths: retentionMonths
    writeEnabled: writeEnabled
    publicUrl: publicUrl
    mailVia: mailVia
    mailFrom: makesMail && empty(mailFrom) ? communication!.outputs.sender : mailFrom
    mailEndpoint: makesMail ? communication!.outputs.endpoint : mailEndpoint
    webhookEnabled: webhookEnabled
    dynamicsEnabled: dynamicsEnabled
    dynamicsUrl: dynamicsUrl
    dynamicsTenantId: dynamicsTenantId
    dynamicsClientId: dynamicsClientId
    dynamicsUsesClientSecret: dynamicsUsesClientSecret
    dynamicsUsesSetupSecret: dynamicsUsesSetupSecret
    dynamicsPush: dynamicsPush
    dynamicsAppId: dynamicsAppId
    settingOverrides: settingOverrides
    subnetId: virtualNetworkEnabled ? network!.outputs.appSubnetId : ''
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
  }
  dependsOn: [
    hostStorage
    rbac
  ]
}

module alerts 'modules/alerts.bicep' = {
  name: 'hunter-alerts'
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    emails: alertEmails
    syncEnabled: partnerCenterEnabled
    noSuccessWindow: noSuccessWindow
    documentationUrl: documentationUrl
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'hunter-workbook'
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module budget 'modules/budget.bicep' = if (monthlyBudget > 0) {
  name: 'hunter-budget'
  params: {
    amount: monthlyBudget
    startDate: empty(budgetStartDate) ? '${currentMonth}-01' : budgetStartDate
    actionGroupId: alerts.outputs.actionGroupId
  }
}

output functionAppName string = functionAppName
output keyVaultName string = keyVaultName
output dataStorageName string = dataStorageName
output tableServiceUri string = dataStorage.outputs.tableServiceUri
output authClientId string = createAppRegistration ? entra!.outputs.clientId : authClientId
output identityPrincipalId string = identity.properties.principalId
output identityClientId string = identity.properties.clientId
output pageUrl string = '${reachedAt}/app'
output signInCallbackUrl string = '${reachedAt}/api/v1/partner-center/sign-in/callback'
